# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 15 says about its own output. Each runs as a cell at the chapter's end."""

# "it's the blue share of the rectangle, 26 %"
assert f"{sum(load) / 2400:.0%}" == "26%"
# "If it works half an hour a day instead of all day, a token costs 50 times as much", "a token gets 18 times cheaper"
assert round(cost_of_a_million(3.49, 7306, 0.02) / cost_of_a_million(3.49, 7306, 1.0)) == 50
assert round(full_speed[52] / full_speed[1]) == 18
# "It starts at a utilization of 10 % [...]: at 52 requests at once, the machine costs six times as much as the API."
assert 6 < cost_of_a_million(3.49, 7306, 0.10) / 0.20 < 7
assert RentOrOwn(hourly_cost=3.49, tokens_per_second=7306, api_price=0.20).utilisation == 0.1
# "The same GPU, model and traffic give anything from 26 % to never"
lowest, highest = (price * 1e6 / api / (7306 * 3600) for price, api in ((2.69, 0.40), (6.57, 0.10)))
assert f"{lowest:.0%}" == "26%" and highest > 1
assert (min(hourly_prices.values()), max(hourly_prices.values())) == (2.69, 6.57)
# "At 3.49 an hour and 0.20 per million, that breaks even at 15 %"
assert f"{3.49 / 0.20 * 1e6 / (33_084 * 3600):.0%}" == "15%"
# "The second is 1.9 standard errors, which chance gives in one of 16 comparisons"
import math  # noqa: E402

assert round((86.4 - 83.9) / math.hypot(1.0, 0.9), 1) == 1.9 and round(1 / math.erfc(1.86 / 2**0.5)) == 16
# "at 3.49 an hour, 52 requests at once and an API at 0.20, break-even is at 66 %"
assert f"{3.49 * 1e6 / 0.20 / (7306 * 3600):.0%}" == "66%"
# "Then its utilization is 25 %, and a token costs a fifth of what it did."
assert 0.05 * (1 + 4) == 0.25

# "3.5 times for Llama 2 7B, and little more than twice for Qwen2.5-0.5B, whose embedding [...] is more than a quarter"
by_name = {name: gigabytes(shape, 16) / gigabytes(shape, 4.127) for name, shape in SHAPES.items()}
assert f"{by_name['Llama 2 7B']:.1f}" == "3.5" and f"{by_name['Qwen2.5-0.5B']:.1f}" == "2.2"
assert 0.25 < 151_936 * 896 * 2 / 1e9 / gigabytes(SHAPES["Qwen2.5-0.5B"], 16) < 0.29
# "A scale of 16 bits that 32 weights share adds half a bit", "a whole row of 4,096 weights adds 0.004", "4.127 bits"
assert 16 / 32 == 0.5 and f"{16 / 4096:.3f}" == "0.004" and f"{4 + 8 / 64 + 32 / 64 / 256:.3f}" == "4.127"

# "16-bit weights are 15.1 GB and the ceiling is 221 [...] 8.2 GB are left, the ceiling is 409", "66 % and 52 % of it"
read = {bits: gigabytes(qwen3, bits) - input_table for bits in (16, 8)}
assert f"{read[16]:.1f} {read[8]:.1f}" == "15.1 8.2"
ceilings = {bits: 3350 / size for bits, size in read.items()}
assert {bits: round(ceiling) for bits, ceiling in ceilings.items()} == {16: 221, 8: 409}
assert f"{146 / ceilings[16]:.0%} {214 / ceilings[8]:.0%}" == "66% 52%"
# "Half the bits raise the ceiling by a factor of 1.8 [...]; the answer came 1.5 times as fast"
assert f"{ceilings[8] / ceilings[16]:.1f} {214 / 146:.1f}" == "1.8 1.5"
# "For the H100 this arithmetic says 103 requests"
assert int((0.9 * 80 - gigabytes(qwen3, 8)) / cache_gigabytes(qwen3, 4096)) == 103
# "Per dollar the RTX 4090 has the most bandwidth in this table, 1,362 GB [...] where the H100 has 960"
per_dollar = {name: bandwidth / price for name, (_, bandwidth, price) in GPUS.items()}
assert max(per_dollar, key=per_dollar.get) == "RTX 4090"
assert (round(per_dollar["RTX 4090"]), round(per_dollar["H100 SXM"])) == (1362, 960)
# "At 2 GB per second from a disk, the 16.4 GB of Qwen3-8B take 8 seconds."
assert f"{gigabytes(qwen3, 16):.1f}" == "16.4" and round(gigabytes(qwen3, 16) / 2) == 8

# "The error of a weight is at most half a step"
for bits in (8, 4, 2):
    assert (rounded(row, bits, len(row)) - row).abs().max() <= row.abs().max() / (2 ** (bits - 1) - 1) / 2 + 1e-6
# "With one scale for the matrix [...] every row is off by more than a fifth. With one scale per row, the damage stays"
by_matrix, by_row, by_group = (
    (rounded(with_outlier, 8, size) - with_outlier).norm(dim=1) / matrix.norm(dim=1) for size in (64 * 1024, 1024, 64)
)
assert (by_matrix > 0.2).all()
assert by_row[3] > 0.2 and torch.cat([by_row[:3], by_row[4:]]).max() < 0.02
assert by_group[3] < by_row[3] / 3
# "On bell-shaped weights that's a seventh less error for the same memory."
assert 1 / 8 < 1 - relative(by_nf4(matrix), matrix) / relative(rounded(matrix, 4, 64), matrix) < 1 / 6
# "NF4 is the same to the last bit. A few of the 8-bit whole numbers differ by one"
if theirs:
    assert torch.equal(theirs["NF4, blocks of 64"], ours["NF4, blocks of 64"])
    eight, reference = theirs["int8, a scale per row"], ours["int8, a scale per row"]
    step = layer.abs().amax(dim=1, keepdim=True) / 127
    assert ((eight - reference).abs() / step).max() < 1.1
    assert 0 < ((eight - reference).abs() / step > 0.5).float().mean() < 0.02
    # "The linear layers are in 4 bits; the head isn't."
    assert type(in_4_bits.lm_head) is torch.nn.Linear
    assert in_4_bits.get_memory_footprint() < smaller["as it is"].get_memory_footprint()
    assert type(in_4_bits.model.layers[0].mlp.down_proj).__name__ == "Linear4bit"
# "It saw 88 of the sums in training"
from llm_course.corpus.words import is_held_out_sum  # noqa: E402

assert sum(not is_held_out_sum(a, b) for a, b in pairs) == 88
# "At 8 bits nothing changes, however coarse the scales."
for name in ("matrix", "row", "32"):
    loss, right = results[f"8 bits, {name}"]
    assert abs(loss - results["as it is"][0]) < 0.002 and abs(sum(right) - sum(results["as it is"][1])) <= 1
# "At 4 bits with one scale per matrix, the loss rises by a tenth of a nat [...] 71 sums right instead of 91"
assert sum(results["as it is"][1]) == 91
assert abs(results["4 bits, matrix"][0] - results["as it is"][0] - 0.1) < 0.01
assert sum(results["4 bits, matrix"][1]) == 71
# "The three finer formats of 4 bits lose six or seven sums and gain one at most."; "91 sums became 84"
fine = [results[name][1] for name in ("4 bits, row", "4 bits, 32", "NF4, 64")]
assert {sum(a and not b for a, b in zip(right_before, right, strict=True)) for right in fine} == {6, 7}
assert max(sum(b and not a for a, b in zip(right_before, right, strict=True)) for right in fine) == 1
assert sum(results["4 bits, 32"][1]) == 84
# "with one scale per matrix a single sum is left, with groups of 32 there are 79"
assert (sum(results["3 bits, matrix"][1]), sum(results["3 bits, 32"][1])) == (1, 79)
# "The loss rises from 0.529 to 0.626."
assert f"{results['as it is'][0]:.3f} {results['4 bits, matrix'][0]:.3f}" == "0.529 0.626"
# "At 8 bits it's the same story, word for word. At 4 bits the same girl lives near the same lake"
import re  # noqa: E402

told = {name: story(smaller[name]) for name in ("as it is", "8 bits, row", "4 bits, 32", "NF4, 64")}
assert told["8 bits, row"] == told["as it is"] and len(set(told.values())) == 3
assert all(text.startswith("Ruby, and she lived near the lake.") for text in told.values())
# "with groups of 32 her friend has another name, with NF4 she has a drum instead of a horn"
names = {name: re.search(r"and (\w+) had a", text)[1] for name, text in told.items()}
assert names["4 bits, 32"] != names["as it is"] == names["8 bits, row"]
assert "had a small horn" in told["as it is"] and "had a small horn" in told["4 bits, 32"]
assert "had a small drum" in told["NF4, 64"]
# "nearly equally likely (" horn" 5.3 %, " drum" 5.0 %)": where the story of NF4 leaves that of the model as it is
beginning, rest = told["as it is"].split(" horn", 1)
start = "<|endoftext|>There was a girl called " + beginning
likely = smaller["as it is"](tokenizer(start, return_tensors="pt").input_ids).logits[0, -1].softmax(-1)
horn, drum = (likely[tokenizer(word).input_ids[0]].item() for word in (" horn", " drum"))
assert told["NF4, 64"].startswith(beginning + " drum") and f"{horn:.1%} {drum:.1%}" == "5.3% 5.0%"

# "Half the bytes make one user's text about 1.3 times as fast", "a third of the ceiling in float32 and less"
rate = r"(\w+) +(\d+) +([\d.]+) +(\d+) +(\d+) +(\d+) +(\d+)\n"
speed = {name: [float(n) for n in numbers] for name, *numbers in re.findall(rate, real_size)}
assert [speed[name][0] for name in ("float32", "bfloat16")] == [538, 269]
assert 1.2 < speed["bfloat16"][3] / speed["float32"][3] < 1.7
assert 0.25 < speed["float32"][3] / speed["float32"][2] < 0.42
assert speed["bfloat16"][3] / speed["bfloat16"][2] < speed["float32"][3] / speed["float32"][2]
# "And 32 users together get about nine times the tokens of one in float32, and more in bfloat16."
assert 8 < speed["float32"][5] / speed["float32"][3] < 12 < speed["bfloat16"][5] / speed["bfloat16"][3]
# the table of second roundings: error and rise of the loss, with its standard error, for linear layers and the table
cell = r" +([\d.]+)% +(-?[\d.]+) ± ([\d.]+)"
rises = {}
for name, *numbers in re.findall(r"(\S.{20,24}?)" + cell * 2 + "\n", real_size):
    rises[name.strip()] = [float(number) for number in numbers]
assert len(rises) == 6, rises
linear_rise, table_rise = ({name: numbers[place] for name, numbers in rises.items()} for place in (1, 4))
# "Look at the row with zero points: the linear layers lose nothing at all"
assert rises["4 bits, zero points, 32"][0] == 0.0 and abs(linear_rise["4 bits, zero points, 32"]) < 0.001
# "Eight bits cost next to nothing."
assert all(abs(each["8 bits, a scale per row"]) < 0.01 for each in (linear_rise, table_rise))
# "At 4 bits, groups of 32 cost about half of what a scale per row costs, or less"; "groups halved the damage in our two
# models"
for each in (linear_rise, table_rise):
    assert each["4 bits, groups of 32"] < 0.53 * each["4 bits, a scale per row"]
# "At 3 bits [...] its loss rises by 1.6 nats, so it has to choose among five times as many tokens"
assert 1.54 < linear_rise["3 bits, groups of 32"] < 1.7
# "Its table alone, which holds a fifth of the parameters, costs 0.1 nats with groups of 32."
assert 0.08 < table_rise["4 bits, groups of 32"] < 0.12 and round(49_152 * 576 / 134_515_008, 1) == 0.2
# "NF4 [...] costs a little less than groups of 32 on the linear layers, a difference near its error, and more"
assert 0 < linear_rise["4 bits, groups of 32"] - linear_rise["NF4, blocks of 64"] < 0.13
assert table_rise["NF4, blocks of 64"] > table_rise["4 bits, groups of 32"]
# "the largest channel of the inputs is 21 times the median channel; for the weights it's 1.3 times"
inputs, weights = (float(number) for number in re.search(r"inputs ([\d.]+), weights ([\d.]+)", real_size).groups())
assert (round(inputs), weights) == (21, 1.3)
# "rounding the inputs to 8 bits costs 0.6 nats", "A scale for each token makes it 0.04."
by_all, by_token = (
    float(re.search(rf"{how} +loss rises by ([\d.]+)", real_size)[1])
    for how in ("one scale for all tokens", "a scale per token")
)
assert f"{by_all:.1f} {by_token:.2f}" == "0.6 0.04"
