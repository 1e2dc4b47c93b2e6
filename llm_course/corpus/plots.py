# ruff: noqa: E501 (a line here is a sentence of prose)
"""The plots of the course's stories, in a small template language that `llm_course.corpus.stories` expands.

Each line is one sentence or a few. `[a|b]` chooses, and may be nested; `{slot}` is filled once a story, so that names,
objects and pronouns stay straight; a capital in the slot's name makes a capital in the text; `{slot!}` marks a place where
mixing up the two children, the two objects or the pronoun would be an error, which is what the coreference probe asks.
Lines that begin with `?` are questions about the story, their answer after the second `?`.
"""

OPENINGS = (
    "[once|once upon a time] there was a {child} named {hero}.",
    "{hero} was a [kind|clever|cheerful|quiet|brave] {child}.",
    "there was a {child} called {hero}, and {he!} lived near {outdoors}.",
    "",
)

PLOTS = {
    "lost": """
        one [morning|day|evening], {hero} could not find {his!} {object}.
        {he} looked {place_a}, but it was not there. [{He} looked {place_b}, but it was not there either.|]
        {hero!} was {feeling_bad} and [asked|called] {friend} for help.
        "[I have lost my {object}|My {object} is gone]," said {hero!}. "[Do not worry|Do not cry]," said {friend!}. "[We will look together|I will help you]."
        {friend!} looked {place_c}, and there was the {object!}!
        [{hero!} was so {feeling_good} that {he!} [hugged|thanked] {friend!}.|"Thank you, {friend!}!" said {hero!}.]
        [from that day on, {hero!} always put the {object!} back on the shelf.|now {hero!} knows where the {object!} is.|]
        ? Who lost the {object}? {hero!}.
        ? Who found the {object}? {friend!}.
        ? Where was the {object}? It was {place_c}.
        """,
    "gift": """
        it was {hero}'s birthday, and {he!} [hoped for|wished for] a {object}.
        {friend} came to the party with a [big|small|heavy] box. "[Happy birthday|This is for you], {hero!}!" said {friend!}.
        {hero!} opened the box. Inside was a {object!}!
        "[Thank you|How lovely], {friend!}!" said {hero!}. {He} was very {feeling_good}.
        [they played with the {object!} until it was dark.|then they all ate {food}s and sang a song.]
        {hero!} [kept|took] the {object!} beside {his!} bed that night.
        ? Who had a birthday? {hero!}.
        ? What was in the box? A {object!}.
        ? Who gave {hero} the {object}? {friend!}.
        """,
    "swap": """
        {hero} had a {object}, and {friend} had a {other}.
        {hero!} [liked|wanted] the {other!}, and {friend!} [liked|wanted] the {object!}.
        "[Shall we swap|Do you want to swap]?" asked {hero!}. "[Yes, let us swap|Yes, please]," said {friend!}.
        {hero!} gave the {object!} to {friend!}, and {friend!} gave the {other!} to {hero!}.
        [now {hero!} has the {other!}, and {friend!} has the {object!}.|so {friend!} went home with the {object!}, and {hero!} went home with the {other!}.]
        both children were {feeling_good}.
        ? Who has the {object} now? {friend!}.
        ? Who has the {other} now? {hero!}.
        ? What did {hero} have first? The {object!}.
        """,
    "rain": """
        {hero} walked to {outdoors} without a coat. The sky was [gray|dark].
        [soon|then] it began to rain, so {hero!} got wet. Because {he!} was wet, {he!} was cold.
        {friend} lived near there. "Come in, {hero!}!" called {friend!} from the door.
        {friend!} gave {hero!} a dry [coat|blanket] and a cup of hot {drink}.
        [after a while|soon] {hero!} was warm again. "[Next time I will take a coat|You are a good friend]," said {hero!}.
        when the rain stopped, {hero!} [went|walked] home, and {friend!} waved [from the door|to {him!}].
        ? Why was {hero} cold? Because {he!} was wet.
        ? Who gave {hero} a cup of {drink}? {friend!}.
        ? Why did {hero} get wet? Because it rained.
        """,
    "hungry_pet": """
        {hero} had a [little|small|young] {pet} named {pet_name}. One day, {pet_name!} was very [quiet|still].
        "[What is wrong with {pet_name!}|Why are you so quiet, {pet_name!}]?" asked {hero!}.
        {friend} looked at the {pet!}. "I think {pet_name!} is hungry," said {friend!}.
        so {hero!} [ran|went] to the kitchen and [got|found] a {food}. The {pet!} ate the {food!} at once.
        then {pet_name!} was full and [happy|lively] again. {hero!} laughed, and {friend!} laughed too.
        ["Now I know," said {hero!}. "A hungry {pet!} is a quiet {pet!}."|from then on, {hero!} fed {his!} {pet!} every morning.]
        ? Why was {pet_name} quiet? Because the {pet!} was hungry.
        ? What did the {pet} eat? A {food!}.
        ? What is the name of the {pet}? {pet_name!}.
        """,
    "broken": """
        {hero} [carried|took] {friend}'s {object} across the yard. {He} ran too fast and fell.
        the {object!} hit a stone and broke. {hero!} was {feeling_bad} because {he!} had broken it.
        at first {hero!} wanted to hide the {object!} {place_a}. But {he!} was brave and told the truth.
        "[I am sorry|Please forgive me], {friend!}. I broke your {object!}," said {hero!}.
        {friend!} was quiet for a moment. "[Thank you for telling me|It was only a mistake]," said {friend!}. "[We can mend it|Let us mend it]."
        they mended the {object!} with [glue|string and glue], and soon it was as good as new.
        ? Who broke the {object}? {hero!}.
        ? Whose {object} was it? It was {friend!}'s.
        ? Why did the {object} break? Because {hero!} fell.
        """,
    "sharing": """
        {hero} had one {food}, and {friend} had nothing to eat. {friend!} looked [hungry|at the {food!}].
        {hero!} thought about it. "[I am hungry too|This is my only {food!}]," {he!} said, "but we can share."
        {he} cut the {food!} in two and gave one half to {friend!}.
        "[Thank you|You are kind], {hero!}," said {friend!}. They sat {place_a} and ate together.
        the next day, {friend!} had a {food_b}. [Because {hero!} had shared, {friend!} shared too.|{friend!} gave half of the {food_b!} to {hero!}.]
        ? Who cut the {food} in two? {hero!}.
        ? What did {friend} have the next day? A {food_b!}.
        ? Who was kind? {hero!}.
        """,
    "noise": """
        it was [late|night], and {hero} was in bed. Then {he!} heard a noise {place_a}.
        {hero!} was afraid. "[Who is there|What was that]?" {he!} [asked|whispered]. Nobody answered.
        {he} took a lamp and woke {friend}. "Come with me, {friend!}," said {hero!}. "There is a noise {place_a}."
        they went [slowly|quietly] and looked {place_a}. It was only a {pet} with a {object}!
        {friend!} laughed, and {hero!} laughed too. {hero!} was not afraid any more.
        the {pet!} went [out|away], and {hero!} slept [well|until the morning].
        ? What made the noise? A {pet!}.
        ? Who was afraid? {hero!}.
        ? Whom did {hero} wake? {friend!}.
        """,
    "race": """
        {hero} and {friend} [wanted to race|had a race] to {outdoors}. "[I am faster|I will win]," said {hero!}.
        at the start {hero!} was ahead of {friend!}. But {hero!} stopped to [rest|eat a {food}|look at a {pet}].
        {friend!} did not stop. {friend!} ran and ran, and so {friend!} won the race.
        {hero!} was {feeling_bad} because {he!} had lost. "[You ran well|Well done], {friend!}," said {hero!}.
        "[Run with me every day|Let us practice]," said {friend!}. [The next week, {hero!} was as fast as {friend!}.|They ran every day, and {hero!} got faster.]
        ? Who won the race? {friend!}.
        ? Who lost the race? {hero!}.
        ? Why did {friend} win? Because {hero!} stopped.
        """,
    "garden": """
        {hero} found a [small|tiny] seed and put it in the ground [near the well|in the garden].
        {he} gave it water every [day|morning]. But nothing happened, and {hero!} was {feeling_bad}.
        "[Wait a little|You must wait], {hero!}," said {his!} {adult}. "A seed needs water, sun and time."
        so {hero!} waited. After [two|three] weeks there was a [little|green] leaf, and [later|then] there was a [red|white|yellow] {flower}.
        {hero!} showed the {flower!} to {his!} {adult!}. "[It grew because you took care of it|You waited well]," said the {adult!}.
        ? What grew from the seed? A {flower!}.
        ? What does a seed need? Water, sun and time.
        ? Who put the seed in the ground? {hero!}.
        """,
    "helping": """
        {hero} met {his!} {adult} near {outdoors}. The {adult!} had a very heavy bag.
        "[May I carry the bag|May I help you]?" asked {hero!}. "[Yes, please|That is kind of you], {hero!}," said the {adult!}.
        {hero!} carried the bag up the [hill|stairs]. It was hard, but {he!} did not stop.
        at home, the {adult!} opened the bag. It was full of [apples|books|stones|carrots].
        the {adult!} gave {hero!} a {food}. "[This is for you|You are strong]," {adult.he!} said, "because you helped me."
        {hero!} [ate the {food!} at once|took the {food!} home] and was {feeling_good}.
        ? Who carried the bag? {hero!}.
        ? What did the {adult} give {hero}? A {food!}.
        ? Why was the bag heavy? Because it was full.
        """,
    "tower": """
        {hero} and {friend} built a [high|big] tower of blocks. {hero!} put a {object} on the top.
        then a {pet} ran [by|past] and hit the tower, so the tower fell down.
        {hero!} was {feeling_bad}. "[Our tower is gone|All our work is gone]!" {he!} said.
        "We can build it again," said {friend!}. "This time we will make it [stronger|wider]."
        they worked all [morning|day]. The new tower was [stronger|better], and it did not fall.
        {hero!} put the {object!} on the top again, and {friend!} [clapped|smiled].
        ? Why did the tower fall? Because a {pet!} hit it.
        ? What was on the top of the tower? A {object!}.
        ? Who wanted to build it again? {friend!}.
        """,
    "learning": """
        {hero} wanted to learn to [swim|ride a pony|play the drum|skate], but it was [hard|not easy].
        on {day}, {he!} tried and failed. [On the next day, {he!} tried again and failed again.|]
        "I cannot do it," said {hero!}. {friend} [smiled|shook {friend.his!} head]. "You cannot do it yet," said {friend!}.
        {friend!} showed {hero!} how to do it, slowly, step by step. {hero!} practiced every day.
        [after a week|one day], {hero!} could do it! "[Look, {friend!}|I did it, {friend!}]!" {he!} called.
        {friend!} was {feeling_good} for {him!}. [It had been hard, but {hero!} had not given up.|]
        ? Who helped {hero}? {friend!}.
        ? When did {hero} try first? On {day}.
        ? Who practiced every day? {hero!}.
        """,
    "hide_and_seek": """
        {hero} and {friend} played hide and seek. {hero!} closed {his!} eyes and counted to [ten|twenty].
        {friend!} hid {place_a}. [It was dark there, and {friend!} was very quiet.|]
        {hero!} looked {place_b}, but {friend!} was not there. {He} looked {place_c}, but {friend!} was not there.
        then {hero!} heard a [laugh|small noise] {place_a}. "I found you, {friend!}!" called {hero!}.
        "[Now you hide, and I will look for you|Now it is your turn], {hero!}," said {friend!}.
        ? Who hid first? {friend!}.
        ? Where did {friend} hide? {place_a}.
        ? Who looked for {friend}? {hero!}.
        """,
    "market": """
        {hero} had {count} coins. {He} went to the market to buy a {food}.
        on the way {he!} met {friend}, who [was hungry|looked sad]. "What is wrong, {friend!}?" asked {hero!}.
        "I have no coins, and I am hungry," said {friend!}. So {hero!} paid {paid} coins for two {food}s.
        {hero!} gave one {food!} to {friend!} and ate the other one. Now {he!} had {left} coins left.
        "[Thank you|You are a true friend], {hero!}," said {friend!}.
        ? How many coins did {hero} have left? {Left}.
        ? Who had no coins? {friend!}.
        ? What did {hero} buy? Two {food}s.
        """,
    "river": """
        {hero} played with a {object} near the river. The wind was strong, and the {object!} fell into the water.
        the {object!} went [down the river|away with the water], and {hero!} could not reach it.
        {friend} saw it and called {friend.his!} {pet}. "Get it, {pet_name}!" said {friend!}.
        {pet_name!} jumped into the water and [swam|went] to the {object!}.
        soon the {pet!} came back with it. The {object!} was wet, but it was not broken.
        "Good work, {pet_name!}!" said {hero!}. {friend!} gave the {pet!} a {food}, because it had been so brave.
        ? What fell into the water? The {object!}.
        ? Whose {pet} was {pet_name}? It was {friend!}'s.
        ? Why did it fall into the water? Because the wind was strong.
        """,
    "letter": """
        {hero}'s {adult} lived far away, in {city}. {hero!} missed {adult.him!} very much.
        one {day}, {hero!} wrote a letter. "[Dear|My dear] {adult!}," wrote {hero!}, "I have a new {object}. [When will you come|Will you visit us]?"
        [{he} waited for many days.|{he} waited for a week.] Then a letter came from {city!}.
        "[I will come on {day_b}|I will be with you on {day_b}]," it said. {hero!} was so {feeling_good} that {he!} danced in the kitchen.
        on {day_b}, {his!} {adult!} was at the door. {hero!} showed {adult.him!} the {object!}.
        ? Who wrote a letter? {hero!}.
        ? Where did the {adult} live? In {city}.
        ? When did the {adult} come? On {day_b}.
        """,
    "snow": """
        in the night it snowed, and in the morning [the meadow|the garden|the world] was white.
        {hero} and {friend} made a big snowman. {hero!} gave it a {object}, and {friend!} gave it a {other}.
        the snowman stood there for [two|three] days. Then the sun came out, and it was warm.
        because it was warm, the snowman got smaller and smaller. {hero!} was {feeling_bad}.
        "[Snow always melts in the sun|It is only water now]," said {friend!}. "We will make a new one next winter."
        {hero!} took back the {object!}, and {friend!} took back the {other!}.
        ? Why did the snowman get smaller? Because it was warm.
        ? What did {hero} give the snowman? A {object!}.
        ? Who gave the snowman a {other}? {friend!}.
        """,
    "sick_friend": """
        on {day}, {friend} was not at school. "Where is {friend!}?" asked {hero}. "{friend!} is sick," said the teacher.
        after school, {hero!} went to see {friend!}. {He} took a {object} and some [soup|{food}|cocoa] along.
        {friend!} was in bed and looked [pale|tired]. "I brought you a {object!}," said {hero!}.
        "[How kind of you|That is just what I wanted]," said {friend!}, and smiled for the first time that day.
        {hero!} read {friend!} a story about a [bear|queen|pirate|camel]. [After two days, {friend!} was well again.|Soon {friend!} felt better.]
        ? Who was sick? {friend!}.
        ? What did {hero} bring? A {object!}.
        ? Who read a story? {hero!}.
        """,
    "two_boxes": """
        {hero} put {his!} {object} {place_a}, and {friend} put {friend.his!} {other} {place_b}.
        then they went to {outdoors}. [They ran and played all day.|They saw a {pet} there.]
        when they came home, {friend!} asked, "Where did I put my {other!}?"
        "You put the {other!} {place_b}," said {hero!}. "And my {object!} is {place_a}."
        {hero!} was right. {friend!} found the {other!} {place_b}, and {hero!} found the {object!} {place_a}.
        ? Where was the {object}? It was {place_a}.
        ? Where was the {other}? It was {place_b}.
        ? Whose {object} was it? It was {hero!}'s.
        """,
    "wish": """
        {hero} found [an old lamp|a golden key|a strange shell] near {outdoors}. A small [voice|fairy] said, "{hero!}, you have one wish."
        {hero!} thought of a {object}. Then {he!} thought of {friend}, who had been {feeling_bad} for days.
        "[I wish that|My wish is that] {friend!} is happy again," said {hero!}. There was a bright light.
        at that moment {friend!} came [up the road|over the hill], singing. "[What a good day|I do not know why], but I feel so {feeling_good}!" said {friend!}.
        {hero!} smiled and said nothing. {He} did not have a {object!}, but {he!} had a happy friend.
        ? Who had one wish? {hero!}.
        ? For whom did {hero} wish? For {friend!}.
        ? Did {hero} get a {object}? No.
        """,
    "trip": """
        {hero} and {his!} {adult} took the train to {city}. [The trip was long, but {hero!} was not tired.|{hero!} sat beside the window and saw a {pet}.]
        in {city!}, they [walked along|looked at] the old streets and ate {food}s. {hero!} bought a {object} for {friend}.
        [on the way home|in the evening], the {adult!} asked, "What did you like best?" "[The food|The train|Everything]!" said {hero!}.
        at home, {hero!} gave the {object!} to {friend!}. "It comes from {city!}," said {hero!}.
        {friend!} thanked {him!}. "One day I will go to {city!} too," said {friend!}.
        ? Where did {hero} go? To {city!}.
        ? For whom was the {object}? For {friend!}.
        ? How did they go to {city}? By train.
        """,
}

# Scenes follow one another in any order, now with one child as the hero and now with the other; "object" is what the
# hero of the scene has, "other" what the friend has. With the plots alone, a model learns who speaks when in each of
# them, and is lost in a new one.
SCENE_START = (
    "{hero} had a {object}, and {friend} had a {other}.",
    "{hero} [met|saw] {friend} near {outdoors}. {hero!} had a {object}, and {friend!} had a {other}.",
    "{hero} came with a {object}. {friend} [came|was there] with a {other}.",
)
SCENES = (
    '"May I [see|hold] your {object}, {hero!}?" asked {friend!}. "[Yes|Of course|Here it is]," said {hero!}. {friend!} [looked at|held] the {object!} and gave it back to {hero!}.',
    '{hero} put the {object!} {place_a}. Later {friend} asked, "Where is your {object!}, {hero!}?" "It is {place_a}," said {hero!}.',
    "{hero} lost the {object!}, and {friend!} helped {hero!} to look for it. {friend!} found the {object!} {place_b}.",
    "{hero} liked the {object!}, but {friend!} liked the {other!} more.",
    '"[Look at|Do you like] my {object}[!|?]" [said|called] {hero!}. "[It is very nice|I like my {other!} too], {hero!}," said {friend!}.',
    '{hero} was {feeling_bad}. "What is wrong, {hero!}?" asked {friend!}. "I am [tired|cold|hungry]," said {hero!}. {friend!} gave {hero!} some {drink}.',
    "{hero} told {friend} a [joke|story], and {friend!} laughed.",
    "they went to {outdoors}. {hero} ran ahead with the {object!}, and {friend!} came behind with the {other!}.",
    '{hero} showed {friend} how to [whistle|jump|dance]. "Like this, {hero!}?" asked {friend!}. "Very good, {friend!}," said {hero!}.',
    "{hero} [cleaned|washed] the {object!} while {friend!} [sat {place_a}|slept|sang a song].",
    '"[Shall we go home|Are you tired], {friend}?" asked {hero!}. "[Not yet|No], {hero!}," said {friend!}.',
)
SCENE_SWAP = (
    "{hero} gave the {object!} to {friend}, and {friend!} gave the {other!} to {hero!}.",
    '"Let us swap," said {hero}. So {hero!} took the {other!}, and {friend!} took the {object!}.',
)
SCENE_END = (
    "in the evening, {hero} took the {object!} home, and {friend!} took the {other!} home.",
    '"[Good night|Goodbye], {friend}," said {hero!}. "[Good night|Goodbye], {hero!}," said {friend!}.',
    "at the end of the day, {hero} still had the {object!}, and {friend!} had the {other!}.",
)
SCENE_QUESTIONS = (
    "? Who has the {object} now? {hero!}.",
    "? What does {hero} have now? A {object!}.",
)

# More of the same for the decoders: the more ways there are to say who has what, the less helps but looking it up.
MORE_SCENE_STARTS = (
    "{hero} had a {object}. {friend} had a {other}.",
    "on {day}, {hero} found a {object}, and {friend} found a {other}.",
    "{hero} got a {object} from {his!} {adult}, and {friend} got a {other}.",
    "{hero} [bought|chose] a {object}, but {friend} [bought|chose] a {other}.",
    "a {object} belonged to {hero}, and a {other} belonged to {friend}.",
    "{hero} [sat|stood] {place_a} with a {object}. {friend} [sat|stood] there with a {other}.",
    "{hero} brought a {object} to school. {friend} brought a {other}.",
    "{hero} met {friend} near {outdoors}. {friend!} had a {other}, and {hero!} had a {object}.",
)
MORE_SCENES = (
    "{hero} dropped the {object!}, and {friend!} picked it up for {him!}.",
    "{hero} hid the {object!} {place_a}, and {friend!} hid the {other!} {place_b}.",
    "{hero} painted a [star|flower|bird] on the {object!}. {friend!} [liked|praised] it.",
    "{hero} carried the {object!} with both hands, and {friend!} carried the {other!}.",
    "the {object} was {hero!}'s, and the {other!} was {friend!}'s.",
    "the {object} fell [down|over], so {hero!} picked it up.",
    '"Where is my {object}?" asked {hero!}. "It is {place_a}, {hero!}," said {friend!}.',
    "{hero} wrapped the {object!} in paper, and {friend!} wrapped the {other!}.",
    "{hero} sat down beside the {object!}, and {friend!} sat down beside the {other!}.",
    "{hero} could not carry the {object!} any more, so {friend!} took it for a while. Then {hero!} got it back.",
    "the {object} was dirty, so {hero!} washed it {place_a}.",
    "the {object} was [heavy|too big], and soon {hero!} was tired. {friend!} helped {him!}.",
    "{hero}'s {object!} was [nice|pretty], and {friend!}'s {other!} was [nice|pretty] too.",
    '"Your {object} is [lovely|great], {hero!}," said {friend!}. "[Thank you|Do you think so], {friend!}," said {hero!}.',
    '"My {object} is better than your {other!}," said {hero!}. "[No, it is not|Maybe it is], {hero!}," said {friend!}.',
    "{hero} [forgot|left] the {object!} {place_a} and ran back for it, while {friend!} waited.",
    "a {pet} came and sniffed at the {object}. {hero!} [laughed|smiled] and stroked the {pet!}.",
    "{hero} counted to three and threw the {object!} into the air. {friend!} did the same with the {other!}.",
    "{hero} was proud of the {object!}, and {friend!} was proud of the {other!}.",
    '"Please take care of my {object}, {friend!}," said {hero!}. "[I will|Yes], {hero!}," said {friend!}.',
    "{hero} drew a picture of {friend} with the {other!}.",
    "{hero} looked for {friend}, who was {place_a} with the {other!}.",
    "{hero} [ran|went] to {friend} and showed {friend.him!} the {object!}.",
    "{hero} [needed|wanted] a ribbon for the {object!}, and {friend!} had one.",
    '{friend} asked where {hero!} had [found|bought] the {object!}. "[At the market|On the road]," said {hero!}.',
    '"Can you [whistle|sing|swim], {friend}?" asked {hero!}. "Yes, I can," said {friend!}.',
    '"I am [hungry|thirsty|cold]," said {hero}. "[Me too|I am not]," said {friend!}.',
    "{hero} [called|shouted] for help, and {friend!} came at once. {hero!} thanked {friend!}.",
    '{hero} asked {friend} a riddle. "[I do not know|I give up]," said {friend!}. {hero!} told {friend!} the answer.',
    '{hero} gave {friend} a {food}. "[Thank you|It is very good], {hero!}," said {friend!}.',
    "{hero} was [tired|sleepy], so {friend!} waited for {hero!}.",
    '{hero} fell, and {friend!} helped {hero!} up. "[Are you hurt|Is it bad], {hero!}?" asked {friend!}. "No," said {hero!}.',
    '{hero} did not like the [dark|wind|thunder], but {friend!} did not mind. "Stay with me, {friend!}," said {hero!}.',
    '{hero} lent {friend} the {object!}, and {friend!} soon [returned it|gave it back]. "Thank you for the {object!}, {hero!}," said {friend!}.',
    '"[May|Can] I come with you, {hero}?" asked {friend!}. "[Yes|Of course], {friend!}," said {hero!}.',
    '{friend} asked {hero} for [a story|help|a song]. "[Of course|With pleasure], {friend!}," said {hero!}.',
    '"Wait, {friend}!" [called|said] {hero!}. "Your {other!} is [open|wet|dirty]." "Thank you, {hero!}," said {friend!}.',
    "{hero} would not go home without the {object!}, nor {friend!} without the {other!}.",
    "{friend} [waved|smiled], and {hero!} [waved|smiled] too.",
    "it was late when {hero} put the {object!} away. {friend!} put the {other!} beside it.",
    "{hero} held the {object!} [up|close|with one hand].",
    "{hero} held {friend}'s hand, and they ran to {outdoors}.",
    "first {hero} showed the {object!}, then {friend!} showed the {other!}.",
    "they went to {outdoors}, {hero} with the {object!} and {friend!} with the {other!}.",
    "they found the {object} {place_a}, and {hero!} was {feeling_good}.",
    "somebody had taken the {object}. {hero!} was {feeling_bad}, and {friend!} was {feeling_bad} for {him!}.",
    "{hero} waited while {friend!} went to get the {other!}.",
    "{hero} laughed because {friend!} had put the {other!} on {friend.his!} head.",
    "because {hero} liked the {other!}, {friend!} let {him!} play with it.",
    "{hero} gave the {object!} to {friend} for a moment. {friend!} turned it around and gave it back.",
    'the {other} was so nice that {hero!} wanted to touch it. "[Please|Only once], {friend!}," said {hero!}. "[Well, but be careful|No]," said {friend!}.',
    '{hero} tried the {other!} and gave it back to {friend!}. "[It is great|I like it], {friend!}," said {hero!}.',
    '"Is the {object} yours?" asked the teacher. "No, it is {hero!}\'s," said {friend!}.',
    '"What did you bring?" asked {friend}. "A {object!}," said {hero!}.',
    '"Who has the {object}?" asked {friend}. "I have it," said {hero!}.',
    'on {day}, {hero} came with the {object!} again. "Hello, {friend!}," said {hero!}.',
    '{hero} pointed at the sky. "Look, {friend!}," said {hero!}. "[A bird|A cloud|How dark it is]!"',
    '{hero} opened the gate. "[After you|Come in], {friend!}," said {hero!}.',
    '{hero} sat down beside {friend}. "[It is warm here|It is nice here], {friend!}," said {hero!}. "[Yes, it is|Yes, very]," said {friend!}.',
    '{hero} saw a {pet} and ran away. "[Come back|It will not bite], {hero!}," called {friend!}.',
    '{hero} did not know the way. "[It is not far|Follow me]," said {friend!}.',
    '{hero} was hungry. "I have a {food}," said {friend!}. "[Here you are|Take it], {hero!}."',
    '{hero} could not open the door. "[Let me try|I will help you]," said {friend!}.',
    '{hero} began to sing. "[That is a nice song|Not so loud], {hero!}," said {friend!}.',
    '{hero} yawned. "[I am tired|It is late]," said {hero!}. "Sleep well, {hero!}," said {friend!}.',
    '{hero} put on a coat. "[I must go home|See you on {day}], {friend!}," said {hero!}. "[Goodbye|See you], {hero!}," said {friend!}.',
    'at the door, {hero} turned around. "[Good night|Goodbye|Thank you], {friend!}," said {hero!}.',
    '{hero} knocked at the door. "Are you there, {friend!}?" called {hero!}. "[I am coming|Here I am], {hero!}," said {friend!}.',
    '{hero} had a question. "[How old are you|Can you keep a secret], {friend!}?" asked {hero!}. "[I will tell you tomorrow|Guess]," said {friend!}.',
    '{hero} brought some {drink}. "[Would you like some|Are you thirsty], {friend!}?" asked {hero!}. "Yes, please," said {friend!}.',
    '{hero} told a long story. "[And then|Is that true]?" asked {friend!}. "Yes, {friend!}," said {hero!}.',
    '{hero} came back late. "Where were you?" asked {friend!}. "[In the garden|At home|On the road]," said {hero!}.',
)

# Another child stands between a child and its thing, so that the nearest name is the wrong one.
SCENES_WITH_BOTH = (
    "{hero} walked behind {friend} with the {object!}.",
    "{hero} followed {friend} [home|up the hill] with the {object!}.",
    "{hero} sat beside {friend} and held the {object!}.",
    "{hero} ran past {friend} with the {object!}.",
    "{hero} waited for {friend} with the {object!}.",
    "{hero} called {friend} and lifted the {object!}.",
    "{hero} went in before {friend} with the {object!}.",
    'a man asked {friend} for the {object}. "It is {hero!}\'s," said {friend!}.',
    '{friend} touched the {object}. "This one is {hero!}\'s," [they|the children] said.',
    "the {object} was there, and {friend} knew that it was {hero!}'s.",
)

# Whole plots that training never sees: they measure what carries over to a new story. Here `!` stands only where the text
# before decides: who comes first, or is happy, is free.
HELD_OUT_PLOTS = {
    "borrowed": """
        {friend} had a {object}, and {hero} asked for it. "May I take your {object!} for a day, {friend!}?" asked {hero!}.
        "Yes, but bring it back on {day}," said {friend!}. So {hero} took the {object!} home and played with it.
        on {day!}, {hero!} came to the door with the {object!}. "Thank you, {friend!}," said {hero!}.
        {friend} was {feeling_good} because {hero!} had brought the {object!} back.
        ? Whose {object} was it? It was {friend!}'s.
        ? Who took the {object} home? {hero!}.
        """,
    "lamp": """
        it was dark, and {hero} had a {object} while {friend} had a {other}. They walked to {outdoors}.
        {hero} heard a {pet} near the road and was afraid. "It is only a {pet}," said {friend!}.
        {hero} held the {object!} and {friend!} held the {other!}, and they walked on.
        at home, {hero} put the {object!} {place_a}. "Good night, {friend}," said {hero!}.
        ? Who was afraid? {hero!}.
        ? Who had the {other}? {friend!}.
        """,
    "bridge": """
        on the way to {outdoors}, {hero} and {friend} came to a bridge. {hero} had a {object} and {friend!} a {other}.
        {hero} did not dare to cross it. "I will go first, {hero!}," said {friend!}.
        {friend!} took the {other!} under one arm and walked across. Then {hero!} came after {friend!} with the {object!}.
        ? Who went first? {friend!}.
        ? Who did not dare? {hero!}.
        """,
    "drawing": """
        {hero} wanted to draw {friend}, so {friend!} sat {place_a} with a {object}.
        "Do not move, {friend!}," said {hero!}. {friend!} did not move for a long time.
        "Now show me, {hero!}," said {friend!}. On the paper was {friend!} with the {object!}.
        {friend} took the drawing home, and {hero!} was {feeling_good}.
        ? Who sat {place_a}? {friend!}.
        ? What did {friend} have? A {object!}.
        """,
    "stall": """
        {hero} and {friend} wanted to sell things. {hero} put a {object} on the table, and {friend!} put a {other} beside it.
        a {adult} came by and pointed at the {object}. "That is {hero!}'s," said {friend!}.
        {hero!} sold the {object!} for {count} coins. Nobody bought the {other!}, and {friend!} was {feeling_bad}.
        "You can have half of my coins, {friend!}," said {hero!}. "You are kind, {hero!}," said {friend!}.
        ? Who sold something? {hero!}.
        ? What did nobody buy? The {other!}.
        """,
}
