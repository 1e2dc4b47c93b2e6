# ruff: noqa: F821 -- the names are the page's
"""What the text of chapter 15's second page says about its own output. Each runs as a cell at the page's end."""

# "a filter where all log lines pass": it put "[key]" into the careless line, and no line has the key
assert "[key]" in lines[0] and not any(key in line for line in lines) and len(lines) > 10
# "Two failures, and the program never noticed": the 503 and the silence are in the log
assert any("503, try 1" in line for line in lines) and any("no answer, try 2" in line for line in lines)
# "the model wrote the silent answer in full": tokens were written at least twice for what was received once
assert server.written >= 12
# "Of the prompt's 9 tokens, 8 were cached, because the silent try had read them."
request = {"messages": question, "max_completion_tokens": 10}
writer = Writer()
first, second = (as_object(Reply(request, writer))["usage"] for _ in range(2))
assert first["prompt_tokens"] == second["prompt_tokens"] == 9
assert second["prompt_tokens_details"]["cached_tokens"] == 8 > first["prompt_tokens_details"]["cached_tokens"]
# "*stop* if the model was done, *length* if it hit the limit"
for limit, expected in ((3, "length"), (40, "stop")):
    told = as_object(Reply({"messages": question, "max_completion_tokens": limit}, Writer()))
    assert told["choices"][0]["finish_reason"] == expected and told["usage"]["completion_tokens"] <= limit
# "A stream carries no usage unless you ask for it", "whose list of `choices` is empty"
for with_usage in (False, True):
    told = list(as_events(Reply(request, Writer()), with_usage))
    assert sum("usage" in each for each in told) == with_usage == (told[-1]["choices"] == [])
# the stream of the page ended by its limit, and its last line had the usage
assert reason == "length" and event["usage"]["completion_tokens"] == 25 and event["choices"] == []
# "Streaming doesn't change the tokens, only the wait."
whole = as_object(Reply(request, Writer()))["choices"][0]["message"]["content"]
pieces = [c["delta"].get("content", "") for e in as_events(Reply(request, Writer()), False) for c in e["choices"]]
assert "".join(pieces) == whole and len(pieces) > 3
# "Put what changes last": the prompt with the time in front costs more
assert 1.5 * plain < timed
# "Tracebacks are added after it"
record = log.makeRecord("course", logging.INFO, "", 0, "a call failed", (), (ValueError, ValueError(key), None))
WithoutKey().filter(record)
assert key not in record.getMessage() and key in logging.Formatter().format(record)
# "Python's `http.client` *prints* its headers when `debuglevel` is set, key included"
import contextlib  # noqa: E402
import http.client  # noqa: E402
import io  # noqa: E402

printed = io.StringIO()
with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other, contextlib.redirect_stdout(printed):
    other.key, other.troubles = "another", []
    threading.Thread(target=other.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", other.server_port)
    connection.set_debuglevel(1)
    connection.request("POST", "/", "{}", {"Authorization": f"Bearer {key}"})
    assert connection.getresponse().status == 401
    other.shutdown()
assert key in printed.getvalue()
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
    with send_patiently({}, key) as answer:
        assert answer.status == 200 and HangsUpOnce.calls == 2
    rude.shutdown()

# "in this text the largest key channels are 2 to 4 times the middle one, the largest value channels at most 1.7 times"
assert {round(ratio) for ratio in spread("keys")} == {2, 4}
assert f"{max(spread('values')):.1f}" == "1.7"
# the first line of the table is for a cache of 32 bits
assert {layer.keys.dtype for layer in model(texts[0], use_cache=True).cache.layers} == {torch.float32}
# "At 4 bits next to nothing is lost either way. At 2 bits [...] channel cost 0.03 nats and keys by token 0.05"
whole = second_halves()
assert all(second_halves(4, keys) - whole < 0.005 for keys in (TOKEN, CHANNEL))
# "The standard error of the difference, over the texts, is 0.007.", "better by 0.01, with a standard error of 0.004"
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
# "on texts with at most 74 tokens in the cache, [...] values by channel do better by 0.01"
assert by_channel < keys_by_channel and max(t.shape[1] // 2 for t in texts) <= 74

# "a row has 1,024 weights, so its 16-bit scale adds 0.02 bits to 8", and the bits of the other formats
assert [bits for bits, _ in formats.values()] == [
    round(8 + 16 / matrix.shape[1], 2), 8, 4 + 16 / 32, 4 + 16 / 64, 4 + 8 / 32, 4 + 8 / 16,
]  # fmt: skip
# "Q4_0 [...] 4.5 bits. Q4_1 adds a zero point: 5 bits."
assert (4 + 16 / 32, 4 + 2 * 16 / 32) == (4.5, 5)
# "here FP8 is coarser than int8. In a row with an outlier it's the other way around"
assert relative(formats["FP8 (E4M3), one scale"][1], matrix) > 2 * relative(formats["int8, a scale per row"][1], matrix)
with_outlier = matrix.clone()
with_outlier[3, 5] = 2.0
floats = to_fp8(with_outlier / 2 * 448) * 2 / 448
assert ((floats - with_outlier)[3, 6:].norm() < (rounded(with_outlier, 8, 1024) - with_outlier)[3, 6:].norm() / 3).all()
# "we were off by 9.8 %" at 4 bits in groups of 32 on a layer of `stories`
layer = model.model.layers[0].mlp.down_proj.weight.detach()
assert f"{relative(rounded(layer, 4, 32), layer):.1%}" == "9.8%"
