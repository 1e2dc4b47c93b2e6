# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 15 says about its own output. Each runs as a cell at the chapter's end."""

# "busy half an hour a day instead of all day, it costs you 50 times as much", "a token gets 18 times cheaper"
assert round(cost_of_a_million(2.69, 7306, 0.02) / cost_of_a_million(2.69, 7306, 1.0)) == 50
assert round(speeds[52] / speeds[1]) == 18
# "With 52 users the machine undercuts an API at 0.20 once it is busy half the time, with 16 [...] nearly always"
assert cost_of_a_million(2.69, speeds[52], 0.55) < 0.20 < cost_of_a_million(2.69, speeds[52], 0.45)
assert cost_of_a_million(2.69, speeds[16], 1.0) < 0.20 < cost_of_a_million(2.69, speeds[16], 0.85)
assert cost_of_a_million(2.69, speeds[4], 1.0) > 0.20
# "At 2.69 an hour, 720 hours a month and 0.20 a million, that's 9.7 billion tokens a month, or 51 %"
assert f"{2.69 * 720 / 0.20 * 1e6 / 1e9:.1f}" == "9.7"
assert f"{2.69 * 720 / 0.20 * 1e6 / (7306 * 3600 * 720):.0%}" == "51%"
# "From 11 % to never"
assert f"{2.69 / 0.20 * 1e6 / (33_084 * 3600):.0%}" == "11%" and 10.98 / 0.20 * 1e6 / (7306 * 3600) > 1
# "a filter where all lines pass", "keep it out of every log"
assert "[key]" in lines[0] and not any(key in line for line in lines) and len(lines) > 10
# "Two failures, and the program never noticed": the 503 and the silence are in the log, the sum is right
assert any("503, try 1" in line for line in lines) and any("no answer, try 2" in line for line in lines)
# "the model wrote the silent answer in full": tokens were written at least twice for what was received once
assert server.written >= 12
# "*stop* if the model was done, *length* if it hit the limit"
assert choice["finish_reason"] == "length" and event["usage"]["completion_tokens"] == 25
for limit, reason in ((3, "length"), (40, "stop")):
    told = as_one(list(answer({"messages": question, "max_tokens": limit}, Writer())))
    assert told["choices"][0]["finish_reason"] == reason and told["usage"]["completion_tokens"] <= limit
# "it has 1.1 million parameters"
assert round(chat.num_parameters() / 1e6, 1) == 1.1
# "The three vendors differ by a factor of only about 4."
assert round(10.98 / 2.69) == 4
# "Put what changes last": the prompt with the time in front costs more
assert 1.5 * plain < timed
# "3.5 times for Llama 2 7B, and little more than twice for Qwen2.5-0.5B, whose embedding [...] is more than a quarter"
by_name = {name: gigabytes(shape, 16) / gigabytes(shape, 4.127) for name, shape in SHAPES.items()}
assert f"{by_name['Llama 2 7B']:.1f}" == "3.5" and f"{by_name['Qwen2.5-0.5B']:.1f}" == "2.2"
assert 0.25 < 151_936 * 896 * 2 / 1e9 / gigabytes(SHAPES["Qwen2.5-0.5B"], 16) < 0.29
# "about 8.01 bits per weight, 4 bits with a scale for every 32 weights to 4.5, and NF4 [...] to 4.127"
assert f"{4 + 8 / 64 + 32 / 64 / 256:.3f}" == "4.127" and 4 + 16 / 32 == 4.5 and 8.003 < 8 + 16 / 4096 < 8.01
# "With one scale for the matrix [...] every row is off by more than a fifth. With one scale per row, the damage stays"
by_matrix, by_row, by_group = (
    (rounded(with_outlier, 8, size) - with_outlier).norm(dim=1) / matrix.norm(dim=1) for size in (64 * 1024, 1024, 64)
)
assert (by_matrix > 0.2).all()
assert by_row[3] > 0.2 and torch.cat([by_row[:3], by_row[4:]]).max() < 0.02
assert by_group[3] < by_row[3] / 3
# the bits that are printed beside the errors: a scale of 16 bits for a row, a group or a block of NF4, of 8 for MXFP4
assert [bits for _, bits in ours.values()] == [round(8 + 16 / layer.shape[1], 2), 4 + 16 / 64]
assert [bits for bits, _ in formats.values()] == [
    round(8 + 16 / matrix.shape[1], 2), 8, 4 + 16 / 32, 4 + 16 / 64, 4 + 8 / 32, 4 + 8 / 16,
]  # fmt: skip
# "It saw 88 of the sums in training"
from llm_course.corpus.words import is_held_out_sum  # noqa: E402

assert sum(not is_held_out_sum(a, b) for a, b in pairs) == 88
# "On bell-shaped weights that's a seventh less error for the same memory."
assert 1 / 8 < 1 - relative(by_nf4(matrix), matrix) / relative(rounded(matrix, 4, 64), matrix) < 1 / 6
# "NF4 is the same to the last bit. A few of the 8-bit whole numbers differ by one [...]; the error is [...] the same."
if theirs:
    assert torch.equal(theirs["NF4, blocks of 64"], ours["NF4, blocks of 64"][0])
    eight, reference = theirs["int8, a scale per row"], ours["int8, a scale per row"][0]
    step = layer.abs().amax(dim=1, keepdim=True) / 127
    assert ((eight - reference).abs() / step).max() < 1.1
    assert 0 < ((eight - reference).abs() / step > 0.5).float().mean() < 0.02
    assert abs(relative(eight, layer) - relative(reference, layer)) < 1e-5
    assert type(in_4_bits.lm_head) is torch.nn.Linear and after < before
# "At 8 bits next to nothing happens, however coarse the scales."
for name in ("matrix", "row", "32"):
    loss, right = found[f"8 bits, {name}"]
    assert abs(loss - found["as it is"][0]) < 0.002 and abs(sum(right) - sum(found["as it is"][1])) <= 1
# "At 4 bits with one scale per matrix, the loss rises by a tenth of a nat [...] 71 sums right instead of 91"
assert sum(found["as it is"][1]) == 91
assert abs(found["4 bits, matrix"][0] - found["as it is"][0] - 0.1) < 0.01 and sum(found["4 bits, matrix"][1]) == 71
# "At 3 bits [...] with one scale per matrix hardly a sum is left, with groups of 32 most of them are."
assert sum(found["3 bits, matrix"][1]) < 10 and sum(found["3 bits, 32"][1]) > 70
# "Chance doesn't explain what one scale per matrix costs. Among the last three [...] no winner"
fine = [sum(found[name][1]) for name in ("4 bits, row", "4 bits, 32", "NF4, 64")]
assert max(fine) - min(fine) <= 3 and min(fine) - sum(found["4 bits, matrix"][1]) > 10
# "The loss rises from 0.529 to 0.626."
assert f"{found['as it is'][0]:.3f} {found['4 bits, matrix'][0]:.3f}" == "0.529 0.626"
# "At 8 bits it's the same story, word for word. At 4 bits the same girl has other things [...] at 2 it's noise"
told = {name: story(smaller[name]) for name in ("as it is", "8 bits, row", "4 bits, 32", "NF4, 64")}
assert told["8 bits, row"] == told["as it is"] and len(set(told.values())) == 3
assert len({text.split(",")[0] for text in told.values()}) == 1
assert len(set(story(smaller["3 bits, 32"]).split())) > 15 > len(set(story(smaller["2 bits, 32"]).split()))
# "nearly equally likely (" horn" 5.3 %, " drum" 5.0 %)": where the story of NF4 leaves that of the model as it is
start = "<|endoftext|>There was a girl called" + told["as it is"].split(" horn")[0]
likely = model(tokenizer(start, return_tensors="pt").input_ids).logits[0, -1].softmax(-1)
horn, drum = (likely[tokenizer(word).input_ids[0]].item() for word in (" horn", " drum"))
assert told["NF4, 64"].startswith(told["as it is"].split(" horn")[0] + " drum")
assert f"{horn:.1%} {drum:.1%}" == "5.3% 5.0%"
# "in this text the largest key channels are 2 to 4 times the middle one, the largest value channels at most 1.7 times"
assert {round(float(x)) for x in spread(model, "keys")} == {2, 4}
assert f"{max(spread(model, 'values')):.1f}" == "1.7"
# the first line of the table is for a cache of 32 bits
assert {layer.keys.dtype for layer in model(texts[0], use_cache=True).cache.layers} == {torch.float32}
# "At 4 bits next to nothing is lost either way. At 2 bits [...] channel cost 0.03 nats where [...] token cost 0.05"
whole = second_halves()
assert all(second_halves(4, keys) - whole < 0.005 for keys in (TOKEN, CHANNEL))
# "(standard error of the difference, over the texts: 0.007)", "(by 0.01, standard error 0.004)"
every, cost = texts, {}
for by in ((TOKEN, TOKEN), (CHANNEL, TOKEN), (CHANNEL, CHANNEL)):
    cost[by] = []
    for ids in every:
        texts = [ids]
        cost[by].append(second_halves(2, *by))
texts = every
counts = torch.tensor([ids.shape[1] - ids.shape[1] // 2 - 1.0 for ids in texts])
by_token, keys_by_channel, by_channel = ((counts * torch.tensor(each)).sum() / counts.sum() for each in cost.values())
assert f"{keys_by_channel - whole:.2f} {by_token - whole:.2f}" == "0.03 0.05"
gain = []
for worse, better in (((TOKEN, TOKEN), (CHANNEL, TOKEN)), ((CHANNEL, TOKEN), (CHANNEL, CHANNEL))):
    gains = torch.tensor(cost[worse]) - torch.tensor(cost[better])
    mean = (counts * gains).sum() / counts.sum()
    error = (counts * (gains - mean)).var().mul(len(texts)).sqrt() / counts.sum()
    gain += [mean, error]
assert torch.allclose(torch.stack(gain), torch.tensor([0.021, 0.007, 0.011, 0.004]), atol=0.001), gain
# "values by channel do a little better here [...] on texts with at most 74 tokens in the cache"
assert by_channel < keys_by_channel and max(t.shape[1] // 2 for t in texts) <= 74
# "here FP8 is coarser than int8. In a row with an outlier it's the other way around."
assert relative(formats["FP8 (E4M3), one scale"][1], matrix) > 2 * relative(formats["int8, a scale per row"][1], matrix)
floats = to_fp8(with_outlier / 2 * 448) * 2 / 448
assert ((floats - with_outlier)[3, 6:].norm() < (rounded(with_outlier, 8, 1024) - with_outlier)[3, 6:].norm() / 3).all()
# "we were off by 9.8 %" at 4 bits in groups of 32 on a layer of `stories`
assert f"{relative(rounded(layer, 4, 32), layer):.1%}" == "9.8%"
# "8 of the prompt's 9 tokens were cached, because the silent try had read them"
twice = Writer()
list(answer({"messages": question, "max_tokens": 10}, twice))
usage = list(answer({"messages": question, "max_tokens": 10}, twice))[-1][1]
assert usage["prompt_tokens"] == 9 and usage["prompt_tokens_details"]["cached_tokens"] == 8
# "but only for failures that can pass": a connection that ends without an answer is one of them


class HangsUpOnce(Sender):
    calls = 0

    def do_POST(self):
        HangsUpOnce.calls += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        if HangsUpOnce.calls > 1:
            self.send(200, {})


with ThreadingHTTPServer(("127.0.0.1", 0), HangsUpOnce) as rude:
    threading.Thread(target=rude.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{rude.server_port}/v1/chat/completions"
    with send_patiently({}, key) as reply:
        assert reply.status == 200 and HangsUpOnce.calls == 2
    rude.shutdown()
# "Tracebacks are added after the filter."
record = log.makeRecord("course", logging.INFO, "", 0, "a call failed", (), (ValueError, ValueError(key), None))
WithoutKey().filter(record)
assert key not in record.getMessage() and key in logging.Formatter().format(record)
