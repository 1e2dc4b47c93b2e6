# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 7 says about its own output. Each runs as a cell at the chapter's end."""

# "$1.25^{48}$ is about 45,000, and $0.8^{48}$ is 0.00002"
import re

assert round(1.25**48, -3) == 45_000 and round(0.8**48, 5) == 0.00002
# "1, 4, 7 [...] 66 / 3 = 22 [...] 4.69", "0.21, 0.85, 1.49, whose RMS is 1. The row 10, 40, 70 has an RMS of 46.9, and
# divided by it becomes the same three numbers", "101, 104, 107 becomes 0.97, 1.00, 1.03"
for row, size, divided in (
    ([1.0, 4.0, 7.0], 4.69, [0.21, 0.85, 1.49]),
    ([10.0, 40.0, 70.0], 46.9, [0.21, 0.85, 1.49]),
    ([101.0, 104.0, 107.0], None, [0.97, 1.0, 1.03]),
):
    root = rms_of_rows(torch.tensor(row))
    assert size is None or abs(root.item() - size) < 0.01
    assert [round(number, 2) for number in (torch.tensor(row) / root).tolist()] == divided
# "Variance [...] 6. Its root is [...] 2.45", "-1.22, 0, 1.22", "22 - 16 = 6"
by_hand = torch.tensor([1.0, 4.0, 7.0])
assert by_hand.var(correction=0) == 6 == by_hand.pow(2).mean() - by_hand.mean() ** 2
assert round(math.sqrt(6), 2) == 2.45 and norm_by_hand([1, 4, 7]) == [-1.225, 0.0, 1.225]
# "Add 100 to all the numbers, or multiply them by 10, and the result stays the same"
assert norm_by_hand([1, 4, 7]) == norm_by_hand([101, 104, 107]) == norm_by_hand([10, 40, 70])
# "With matrices a quarter larger, the numbers explode; a fifth smaller, and they vanish"
assert rms(through_layers(1.25, False)) > 1000 and rms(through_layers(0.8, False)) < 1e-3
assert 0.1 < rms(through_layers(1.0, False)) < 10
# "the *rows* are the same too, up to rounding, whatever the size of the matrices"
assert (through_layers(0.8, True) - through_layers(1.25, True)).abs().max() < 1e-4
# "At width 8, outputs are 6 % too small. At width 768, that of the small GPT-2, it is less than one part in a thousand"
assert 0.93 < math.sqrt(7 / 8) < 0.94
assert 0.999 < math.sqrt(767 / 768) < 1
# Epsilon outside the root: "about 0.1", and "about 0.99", for a row with standard deviation 0.0001
small_row = 1e-4 * torch.tensor([-1.0, 1.0] * 400)
assert abs(rms(nn.LayerNorm(800, eps=1e-6)(small_row)) - 0.1) < 0.001
assert abs(rms(WebNorm(800)(small_row)) - 0.99) < 0.001
# "$300^2 = 90{,}000$ overflows to infinity. Divided by infinity, every number becomes 0", and not by way of float32
half = torch.tensor([300.0, -200.0, 100.0, 400.0], dtype=torch.float16)
assert half.pow(2).mean().isinf() and (half / rms_of_rows(half)).abs().max() == 0
assert half.isfinite().all() and (half.float() / rms_of_rows(half.float())).half().abs().min() > 0.3
# "the last feed-forward network adds most by far"
assert added[-1] > 3 * max(added[:-1]) and len(added) == 9
# "the last feed-forward network adds an RMS of 3.43 to a stream of 1.85"
assert abs(added[-1] - 3.43) < 0.02 and abs(total[-2] - 1.85) < 0.02
# "The final row is a *sum* of the embedding and two contributions from each layer" "to about 4" (alt text)
assert (rebuilt - in_one_go).abs().max() < 1e-4 and total[0] < 0.5 and 3.5 < total[-1] < 4.5
# "the last sublayer gets the same gradient however deep the network is, but the first sublayer's varies"
assert spread["post-norm", 96][1][0] > 0.7 * spread["post-norm", 6][1][0]
assert spread["post-norm", 96][0][1] > 10 * spread["post-norm", 96][0][0]


def gradient_factors(placement, seed):
    """By how much each of 96 sublayers lengthens the gradient that passes back through it."""
    torch.manual_seed(seed)
    sublayers = [(w_in[0], w_out[0]) for w_in, w_out in random_sublayers(96, 64, networks=1)]
    streams_here, target = [torch.randn(32, 64, requires_grad=True)], torch.randn(32, 64)
    for weights_of_sublayer in sublayers:
        read = streams_here[-1]
        added = read + sublayer(normed(read) if placement == "pre-norm" else read, *weights_of_sublayer)
        streams_here.append(added if placement == "pre-norm" else normed(added))
    loss_here = (normed(streams_here[-1]) - target).pow(2).mean()
    lengths = torch.stack([gradient.norm() for gradient in torch.autograd.grad(loss_here, streams_here)])
    return lengths[:-1] / lengths[1:]


# "These factors are near 1, but each is off by a random amount, here about 9 %" and pre-norm's "come ever closer to 1"
by_post = torch.stack([gradient_factors("post-norm", seed) for seed in range(9)])
by_pre = torch.stack([gradient_factors("pre-norm", seed) for seed in range(9)])
assert abs(by_post.mean() - 1) < 0.02 and 0.07 < by_post.std() < 0.11
assert (by_pre[:, :10] - 1).abs().mean() > 5 * (by_pre[:, -10:] - 1).abs().mean()
assert (by_pre[:, -10:] - 1).abs().max() < 0.03
# "all nine agree within a factor of two", and "the last sublayer's gradient *falls* with depth, as
# $1/\sqrt{\text{depth}}$"
assert spread["pre-norm", 96][0][1] < 2 * spread["pre-norm", 96][0][0]
assert 0.7 < 4 * spread["pre-norm", 96][1][1] / spread["pre-norm", 6][1][1] < 1.4
# "ends up worse than one that always answers 0, and post-norm without warm-up learns next to nothing: it ends near 1"
assert final["no norm"].min() > 1 and len(final["no norm"]) == 5
assert final["post-norm"].min() > 0.8 and final["post-norm"].max() < 1.4 and abs(final["post-norm"].median() - 1) < 0.2
# "Pre-norm and sandwich learn at once"
assert max(final["pre-norm"].max(), final["sandwich"].max()) < 0.15
# "down to between about 0.5 and 0.7, and so does a learning rate one tenth as high"
helped = torch.cat([final["post-norm, warm-up"], final["post-norm, slower"]])
assert helped.min() > 0.44 and helped.max() < 0.75
# "A tied model's file has no lm_head at all. (`state_dict()` lists one all the same: the table under a second name.)"
assert weights["lm_head.weight"].data_ptr() == weights["model.embed_tokens.weight"].data_ptr()
# "making the matrices eight times larger turns soft attention into a choice of a single key. With it, nothing changes"
assert torch.softmax(qk_scores(8, False), -1).amax(-1).mean() > 0.9
assert torch.allclose(qk_scores(8, True), qk_scores(1, True), atol=1e-3)
assert qk_scores(8, True).max() <= math.sqrt(32) + 1e-3
# "With these weights, the two programs must agree" "the same token for token"
assert (ours - theirs).abs().max() < 1e-4 and our_story == their_story
# "Its mistakes are the model's own": after the swap, the small horn is new and the new box is small
assert all(thing in tokenizer.decode(our_story) for thing in ("small horn", "new box", "new horn", "small box"))
# "Ours differs from the original about as much as from its own float64 result" "a bound of 1e-4 will do"
rounding, ours_theirs, mistake = differences.values()
assert ours_theirs < 4 * rounding and max(ours_theirs, rounding) < 1e-4 < mistake
# "Even the wrong epsilon stands out, by a factor of several hundred"
assert mistake > 200 * ours_theirs
# "Taught by a post-norm one, pre-norm still ends near 0.1 and post-norm above 0.7"
by_other = {
    name: train(taught_by="post-norm", **settings[name])[-10:].mean(0)
    for name in ("no norm", "post-norm", "pre-norm", "post-norm, warm-up")
}
assert by_other["no norm"].min() > 1 and by_other["pre-norm"].max() < 0.15 < by_other["post-norm, warm-up"].min()
assert by_other["post-norm"].min() > 0.7
# The layer of modules, on two texts at once
assert len(batch) == 2 and module_difference < 1e-4
# At real size: "after 20 layers its RMS is about 100 times that of the median row, and one [...] exceeds 20,000"
by_layer = {
    int(passed): [float(number) for number in numbers]
    for passed, *numbers in re.findall(r"^ +(\d+) +(\S+) +(\S+) +(\S+) +(\d+)% +(\S+)%$", real_size, re.MULTILINE)
}
assert list(by_layer) == [0, 1, 3, 10, 20, 29]
first_row, median_row, largest_number, _, _ = by_layer[20]
assert 80 < first_row / median_row < 130 and largest_number > 20_000
# "a single column of 576 holds between a quarter and two thirds of the squares from the third layer on", "up to 63 %"
assert all(25 <= by_layer[passed][3] <= 67 for passed in (3, 10, 20, 29))
assert max(numbers[3] for numbers in by_layer.values()) == 63
# "the loss rises from 2.70 to above 10", "float16 *rows* cost nothing that shows in the loss"
losses_there = [float(loss) for loss in re.findall(r"loss (\S+)$", real_size, re.MULTILINE)]
unchanged, careful_loss, careless_loss = losses_there
assert abs(unchanged - 2.70) < 0.02 and abs(careful_loss - unchanged) < 0.011 and careless_loss > 10
# "about one in a hundred after three layers, and all of them after 29"
assert 0.5 < by_layer[3][4] < 2.5 and by_layer[29][4] == 100
