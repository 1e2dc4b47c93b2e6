"""What goes wrong in LoRALinear: the scale, the start, what is trained, dropout and merging, one after another."""

from autograder.exercises.mistakes import Mistakes
from solutions import peft

SCALE = "peft-scale"
WHY = "peft-why"
MERGE = "peft-merge"

known = Mistakes(peft.LoRALinear, section="peft-lora")

FACTOR = "alpha / rank"
FROZEN = "self.base = base.requires_grad_(False)"
A, B = "base.weight.new_empty(rank, base.in_features)", "base.weight.new_zeros(base.out_features, rank)"
RANDOM = "nn.init.kaiming_uniform_(self.lora_a, a=math.sqrt(5))"
DROPPED = "self.dropout(x)"
UPDATE = f"{DROPPED} @ self.lora_a.T @ self.lora_b.T"
OUTPUT = "self.base(x) + self.scale * update"
COPIED = "copy.deepcopy(self.base)"
PRODUCT = "self.scale * self.lora_b @ self.lora_a"
RETURNED = "return merged"

known.edit(
    "scale_alpha",
    {FACTOR: "alpha"},
    "You multiply the update by alpha. The factor is alpha / rank, so that another rank needs no other alpha.",
    SCALE,
)
known.edit(
    "scale_one",
    {FACTOR: "1.0"},
    "Your update has no factor: alpha is ignored. It is multiplied by alpha / rank.",
    SCALE,
)
known.edit(
    "scale_inverted",
    {FACTOR: "rank / alpha"},
    "You multiply by rank / alpha: the factor is upside down. A larger alpha makes a larger update.",
    SCALE,
)
known.edit(
    "scale_by_root",
    {FACTOR: "alpha / math.sqrt(rank)"},
    "You divide alpha by the root of the rank. That is rsLoRA, a later variant; LoRA divides by the rank itself.",
    SCALE,
)
known.edit(
    "scale_without_alpha",
    {FACTOR: "1 / rank"},
    "You divide by the rank, but alpha is ignored: the factor is alpha / rank.",
    SCALE,
)
known.edit("scale_product", {FACTOR: "alpha * rank"}, "You multiply by alpha · rank: divide by the rank.", SCALE)
known.edit(
    "scale_twice",
    {FACTOR: "(alpha / rank) ** 2"},
    "Your update is scaled twice, by (alpha / rank)². Multiply once, the product and not both of its factors.",
    SCALE,
)
known.edit(
    "scale_rounded_down",
    {FACTOR: "alpha // rank"},
    "You divide with `//`, which drops what is after the decimal point: with alpha 5 and rank 2 the factor is 2.5.",
    SCALE,
)
known.edit("subtracted", {FACTOR: "-alpha / rank"}, "You subtract the update. It is added to the base's output.")
known.edit(
    "both_zero",
    {RANDOM: "nn.init.zeros_(self.lora_a)"},
    "lora_a and lora_b both start with zeros. Then each gets a gradient of zero, because it is multiplied by the "
    "other, and training never moves. Give lora_a random numbers.",
)
known.edit(
    "both_random",
    {RANDOM: f"{RANDOM}\n        nn.init.normal_(self.lora_b, std=0.5)"},
    "lora_a and lora_b both start with random numbers, so a new layer disturbs its base before it has learned "
    "anything. Start lora_b with zeros.",
)
known.edit(
    "other_way_round",
    {RANDOM: "nn.init.zeros_(self.lora_a)\n        nn.init.normal_(self.lora_b, std=0.5)"},
    "You start lora_a with zeros and lora_b with random numbers. That would train too, but here it is agreed to be "
    "the other way round, as in the paper.",
)
known.edit(
    "all_the_same",
    {RANDOM: "nn.init.constant_(self.lora_a, 0.01)"},
    "All numbers of lora_a start the same. Then its rows get the same gradient and stay the same, and the update has "
    "rank 1 whatever rank says. Draw them at random.",
)
known.edit(
    "base_trained",
    {FROZEN: "self.base = base"},
    "The base still requires gradients, so the optimizer would train all of it. Freeze it: "
    "`base.requires_grad_(False)`.",
    WHY,
)
known.edit(
    "bias_trained",
    {FROZEN: "self.base = base\n        base.weight.requires_grad_(False)"},
    "You freeze the base's weight but not its bias. `base.requires_grad_(False)` freezes both.",
    WHY,
)
known.edit(
    "nothing_trained",
    {RANDOM: f"{RANDOM}\n        self.requires_grad_(False)"},
    "You freeze everything, lora_a and lora_b too. Freeze the base alone.",
    WHY,
)
known.edit(
    "plain_tensors",
    {f"nn.Parameter({A})": f"{A}.requires_grad_()", f"nn.Parameter({B})": f"{B}.requires_grad_()"},
    "lora_a and lora_b are plain tensors, so `parameters()` does not list them and no optimizer trains them. Make "
    "them with nn.Parameter.",
)
known.edit(
    "a_is_a_buffer",
    {f"self.lora_a = nn.Parameter({A})": f'self.register_buffer("lora_a", {A})'},
    "Only lora_b is trained: lora_a is not an nn.Parameter. Without it the update keeps to the rows that chance gave "
    "it.",
)
known.edit(
    "in_float32",
    {A: f"{A}.float()", B: f"{B}.float()"},
    "lora_a and lora_b are float32 whatever the base is, so a base in another dtype fails. Take the dtype from "
    "`base.weight`.",
)
known.edit(
    "other_layout",
    {
        A: "base.weight.new_empty(base.in_features, rank)",
        B: "base.weight.new_zeros(rank, base.out_features)",
        UPDATE: f"{DROPPED} @ self.lora_a @ self.lora_b",
        PRODUCT: "self.scale * (self.lora_a @ self.lora_b).T",
    },
    "lora_a and lora_b are laid out the other way round: lora_a is [rank, in] and lora_b is [out, rank], as the "
    "weights of two linear layers.",
)
known.edit(
    "layers_for_parameters",
    {
        f"nn.Parameter({A})": "nn.Linear(base.in_features, rank, bias=False)",
        f"nn.Parameter({B})": "nn.Linear(rank, base.out_features, bias=False)",
        RANDOM: "nn.init.zeros_(self.lora_b.weight)",
        UPDATE: f"self.lora_b(self.lora_a({DROPPED}))",
        PRODUCT: "self.scale * self.lora_b.weight @ self.lora_a.weight",
    },
    "lora_a and lora_b are nn.Linear layers. They are to be nn.Parameter themselves, so that `layer.lora_b` is the "
    "matrix.",
)
known.edit(
    "without_base", {OUTPUT: "self.scale * update"}, "Your layer gives the update alone: the base's output is missing."
)
known.edit(
    "base_scaled_too",
    {OUTPUT: "self.scale * (self.base(x) + update)"},
    "You multiply the base's output by alpha / rank as well. The factor belongs to the update alone.",
)
known.edit(
    "base_alone",
    {OUTPUT: "self.base(x)"},
    "Your layer gives the base's output alone, whatever lora_a and lora_b are: the update is missing in forward.",
)
known.edit(
    "bias_lost",
    {"self.base(x)": "x @ self.base.weight.T"},
    "You multiply by the base's weight and lose its bias. Call the base itself: `self.base(x)`.",
)
known.edit(
    "nonlinear",
    {UPDATE: f"torch.relu({DROPPED} @ self.lora_a.T) @ self.lora_b.T"},
    "There is a ReLU between lora_a and lora_b. That is how adapters do it; a LoRA update is linear, or it could not "
    "be merged.",
    "peft-adapters",
)
known.edit(
    "rows_only",
    {UPDATE: f"{DROPPED}.mm(self.lora_a.T).mm(self.lora_b.T)"},
    "Your update takes a matrix and nothing else: `mm` and `.T` know two dimensions. x is [..., in], such as one row "
    "or a batch of texts, and `@` leaves its leading dimensions alone.",
)
known.edit(
    "rows_only_by_columns",
    {UPDATE: f"(self.lora_b @ self.lora_a @ {DROPPED}.T).T"},
    "You multiply B A with the transposed x, and `.T` turns all dimensions around, so that a batch of texts fails. "
    "Turn the small matrices instead: x @ A.T @ B.T leaves the leading dimensions of x alone.",
)
known.edit(
    "rows_not_reshaped_back",
    {UPDATE: f"{DROPPED}.reshape(-1, x.shape[-1]).mm(self.lora_a.T).mm(self.lora_b.T)"},
    "You make a matrix of x, and the update never gets the leading dimensions of x back. Reshape it again, or use `@`, "
    "which leaves them alone.",
)
known.edit(
    "base_detached",
    {"self.base(x)": "self.base(x).detach()"},
    "You cut the gradient at the base's output. The base's weights are frozen, but the gradient must flow through "
    "them to x, or the layers below learn nothing from this way.",
)
known.edit(
    "input_detached",
    {DROPPED: "self.dropout(x.detach())"},
    "You cut the gradient at the update's input: x gets it from the base alone.",
)
known.edit(
    "parameters_detached",
    {"self.lora_a.T": "self.lora_a.data.T", "self.lora_b.T": "self.lora_b.data.T"},
    "You use the numbers of lora_a and lora_b without their gradients (`data`, `detach` or `no_grad`): they could not "
    "learn.",
)
known.edit(
    "forward_without_gradients",
    {f"        return {OUTPUT}": f"        with torch.no_grad():\n            return {OUTPUT}"},
    "Your forward computes its output under no_grad, so that nothing behind it can learn. no_grad belongs into merge "
    "alone.",
)
known.edit("dropout_ignored", {DROPPED: "x"}, "Your layer ignores dropout. Apply it to the x that goes into lora_a.")
known.edit(
    "dropout_always",
    {DROPPED: "nn.functional.dropout(x, self.dropout.p)"},
    "You drop in evaluation too. functional.dropout does so unless it is told the mode: give it "
    "`training=self.training`, or use nn.Dropout.",
)
known.edit(
    "dropout_in_evaluation",
    {DROPPED: "nn.functional.dropout(x, self.dropout.p, training=not self.training)"},
    "You drop in evaluation and not in training: the mode is turned round.",
)
known.edit(
    "dropout_on_base",
    {f"update = {DROPPED}": f"x = {DROPPED}\n        update = x"},
    "Your dropout also acts on what goes into the base. The base sees x as it is; only the update's input is dropped.",
)
known.edit(
    "dropout_on_update",
    {UPDATE: "self.dropout(x @ self.lora_a.T @ self.lora_b.T)"},
    "You drop entries of the finished update. Dropout belongs before lora_a, on x.",
)
known.edit(
    "dropout_after_a",
    {UPDATE: "self.dropout(x @ self.lora_a.T) @ self.lora_b.T"},
    "You drop what lora_a gives, or whole rows of x. Dropout belongs before lora_a, on each entry of x.",
)
known.edit(
    "dropout_on_output",
    {DROPPED: "x", OUTPUT: f"self.dropout({OUTPUT})"},
    "You drop entries of the whole output, the base's part with it. Dropout belongs before lora_a, on x.",
)
known.edit(
    "dropout_not_made_up_for",
    {DROPPED: f"({DROPPED} * (1 - self.dropout.p) if self.training else x)"},
    "You set entries to zero but do not divide the others by 1 - p, so the update is smaller in training than in "
    "evaluation. nn.Dropout does both.",
)
known.edit(
    "dropout_keeps",
    {DROPPED: "nn.functional.dropout(x, 1 - self.dropout.p, self.training and self.dropout.p > 0)"},
    "You take dropout for the probability to keep an entry. It is the probability to drop it.",
)
known.edit(
    "merged_in_place",
    {COPIED: "self.base"},
    "Your merge changes the base and returns it. Then forward adds the update to a base that has it already, and a "
    "second merge adds it again. Work on a copy.",
    MERGE,
)
known.edit(
    "merged_in_place_and_copied",
    {COPIED: "self.base", RETURNED: "return copy.deepcopy(merged)"},
    "Your merge adds the update to the base and copies it afterwards. Copy first, then add: the base stays as it was.",
    MERGE,
)
known.edit(
    "update_used_up",
    {RETURNED: f"nn.init.zeros_(self.lora_b)\n        {RETURNED}"},
    "Your merge sets lora_b to zero, and the layer has lost its update. Merging makes a new layer and leaves this one "
    "alone.",
    MERGE,
)
known.edit(
    "bias_shared",
    {RETURNED: f"merged.bias = self.base.bias\n        {RETURNED}"},
    "The merged layer and the base share one bias: training one would change the other. Copy it.",
    MERGE,
)
known.edit(
    "merged_with_dropout",
    {PRODUCT: "self.scale * self.lora_b @ self.dropout(self.lora_a)"},
    "Your merge drops entries of lora_a, so that in training each merged layer is another one. The merged layer "
    "computes what this one does *without* dropout: leave it out.",
    MERGE,
)
known.edit(
    "merged_without_scale",
    {PRODUCT: "self.lora_b @ self.lora_a"},
    "Your merge adds B A without the factor alpha / rank, so the merged layer computes something else than forward.",
    MERGE,
)
known.edit(
    "merged_update_alone",
    {f"weight += {PRODUCT}": f"weight.copy_({PRODUCT})"},
    "The merged weight is the update alone: add it to the base's weight.",
    MERGE,
)
known.edit(
    "merged_base_alone", {PRODUCT: "0.0"}, "The merged layer is a copy of the base: the update is missing.", MERGE
)
known.edit(
    "merged_transposed",
    {PRODUCT: "self.scale * self.lora_a.T @ self.lora_b.T"},
    "You add Aᵀ Bᵀ, which is the update transposed: [in, out]. The weight is [out, in], so add B A.",
    MERGE,
)
known.edit(
    "merged_as_a_b",
    {PRODUCT: "self.scale * self.lora_a @ self.lora_b"},
    "You multiply A by B in the merge. The order is B A: x meets lora_a first, which stands next to it.",
    MERGE,
)
known.edit(
    "merged_in_float32",
    {RETURNED: f"{RETURNED}.float()"},
    "Your merged layer is float32 whatever the base is: nn.Linear makes it so unless it is told the dtype. Copy the "
    "base, or give `dtype=self.base.weight.dtype`.",
    MERGE,
)
known.edit(
    "merged_without_bias",
    {RETURNED: f"merged.bias = None\n        {RETURNED}"},
    "The merged layer has lost the base's bias.",
    MERGE,
)
known.edit(
    "merged_with_bias_of_zeros",
    {RETURNED: f"merged.bias = nn.Parameter(torch.zeros_like(merged.weight[:, 0]))\n        {RETURNED}"},
    "The merged layer has a bias of zeros: it takes the base's bias, and has none if the base has none.",
    MERGE,
)
known.edit(
    "merged_not_returned",
    {f"        {RETURNED}\n": ""},
    "Your merge returns nothing. Its last line has to return the new layer.",
    MERGE,
)
known.edit(
    "merged_to_weight",
    {RETURNED: f"{RETURNED}.weight.detach()"},
    "Your merge returns the weight. It is to return a layer, an nn.Linear with this weight and the bias.",
    MERGE,
)
known.edit(
    "merged_to_itself",
    {RETURNED: "self.base = merged\n        return self"},
    "Your merge returns the LoRA layer itself. It is to return a new nn.Linear.",
    MERGE,
)
known.edit(
    "rank_not_checked",
    {"rank < 1": "False"},
    "You do not check the rank: with rank 0 the factor alpha / rank fails with a ZeroDivisionError. Test it first, "
    "and raise ValueError.",
)
known.edit(
    "only_rank_zero_refused",
    {"rank < 1": "rank == 0"},
    "You refuse rank 0, but a negative rank fails somewhere in torch. Test for less than 1.",
)
known.edit(
    "dropout_not_checked",
    {"nn.Dropout(dropout)": "nn.Dropout()\n        self.dropout.p = dropout"},
    "You accept a dropout that is no probability, below 0 and above 1. Raise ValueError in `__init__`, before anything "
    "is called; nn.Dropout does it by itself.",
)
known.edit(
    "large_dropout_taken",
    {"nn.Dropout(dropout)": "nn.Dropout(min(dropout, 1.0))"},
    "You refuse a dropout below 0, and take one above 1, which is no probability: raise ValueError in `__init__`.",
)
known.edit(
    "dropout_of_one_refused",
    {"nn.Dropout(dropout)": "nn.Dropout(dropout if dropout < 1 else -1.0)"},
    "You refuse a dropout of 1. It is a probability as well: in training the update is then 0 throughout.",
)
known.edit(
    "dropout_of_one_not_a_number",
    {DROPPED: "(x * (torch.rand_like(x) >= self.dropout.p) / (1 - self.dropout.p) if self.training else x)"},
    "With a dropout of 1 you divide 0 by 1 - p, which is 0 too, and the output is NaN. Where all is dropped the update "
    "is 0; nn.Dropout minds it.",
)
known.edit(
    "negative_dropout_taken",
    {"nn.Dropout(dropout)": "nn.Dropout(max(dropout, 0.0))"},
    "You refuse a dropout above 1, and take one below 0, which is no probability: raise ValueError in `__init__`.",
)
