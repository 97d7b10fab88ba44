#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""transformers beside `fg-models bench`: speed of prompt and decode of a Llama with random weights, by batch and length.

    python3 bench/peers/transformers_bench.py --random llama-2-7b --dtype f16 --batch 1,8,32 --prompt 128 -n 65

Same model, same tokens a step, greedy. Decode twice: as `generate` runs it (a call of the model a token), and as transformers can do best without
compiling: a static cache, the step captured once as a CUDA graph and replayed. The first token's time is a prompt's, logits of its last position alone.
"""
import argparse
import gc
import json
import time

import torch
import transformers

SIZES = {  # hidden size, intermediate size, layers, heads, heads of keys and values, vocabulary
    "llama-2-7b": (4096, 11008, 32, 32, 32, 32000),
    "llama-2-13b": (5120, 13824, 40, 40, 40, 32000),
    "tinyllama-1.1b": (2048, 5632, 22, 32, 4, 32000),
}
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def make_model(size, dtype, device):
    hidden, intermediate, layers, heads, kv_heads, vocabulary = SIZES[size]
    config = transformers.LlamaConfig(hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers, num_attention_heads=heads,
                                      num_key_value_heads=kv_heads, vocab_size=vocabulary, max_position_embeddings=4096)
    config._attn_implementation = "sdpa"
    torch.set_default_dtype(dtype)
    with torch.device(device):
        return transformers.LlamaForCausalLM(config).eval()


def wait(device):
    if device != "cpu":
        torch.cuda.synchronize()


def seconds(device, call):
    wait(device)
    begin = time.perf_counter()
    result = call()
    wait(device)
    return time.perf_counter() - begin, result


def first_token(model, tokens, cache):
    return model(tokens, past_key_values=cache, logits_to_keep=1).logits[:, -1].argmax(-1, keepdim=True)


def by_generate(model, device, tokens, steps):
    """Seconds of the first token and of the steps after it, a call of the model each."""
    cache = transformers.DynamicCache(config=model.config)
    first, token = seconds(device, lambda: first_token(model, tokens, cache))

    def decode():
        last = token
        for _ in range(steps):
            last = first_token(model, last, cache)
        return last

    return first, seconds(device, decode)[0]


def by_graph(model, device, tokens, steps):
    """Seconds of the steps with the step as a CUDA graph over a static cache; None without CUDA."""
    if device == "cpu":
        return None
    cache = transformers.StaticCache(config=model.config, max_cache_len=tokens.shape[1] + steps + 8)
    token = first_token(model, tokens, cache)
    position = torch.full((1, 1), tokens.shape[1], device=device)
    # every place up to the present one is attended: the mask is the step's own, so that nothing depends on the host
    places = torch.arange(cache.max_cache_len, device=device)

    def step():
        mask = (places <= position)[None, None].expand(tokens.shape[0], 1, 1, -1)
        logits = model(token, position_ids=position, attention_mask=mask, past_key_values=cache, logits_to_keep=1).logits
        token.copy_(logits[:, -1].argmax(-1, keepdim=True))
        position.add_(1)

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def decode():
        for _ in range(steps):
            graph.replay()

    return seconds(device, decode)[0]


def measure(model, args, batch, prompt):
    device, steps = args.device, args.new_tokens - 1
    tokens = torch.randint(0, model.config.vocab_size, (batch, prompt), device=device)
    by_generate(model, device, tokens, 2)
    runs = sorted(by_generate(model, device, tokens, steps) for _ in range(args.repeats))
    first, eager = runs[len(runs) // 2]
    graph = by_graph(model, device, tokens, steps)
    row = {"batch": batch, "prompt": prompt, "first_token_ms": first * 1e3, "decode_tokens_per_second": batch * steps / eager,
           "decode_graph_tokens_per_second": batch * steps / graph if graph else None}
    gc.collect()
    if device != "cpu":
        torch.cuda.empty_cache()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(part) for part in text.split(",")]
    parser.add_argument("--random", choices=SIZES, default="llama-2-7b", help="size of the model")
    parser.add_argument("--dtype", choices=DTYPES, default="f16")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--batch", type=numbers, default=[1], help="rows at once, as 1,8,32")
    parser.add_argument("--prompt", type=numbers, default=[512], help="tokens of the prompt")
    parser.add_argument("-n", "--new-tokens", type=int, default=32, help="tokens to decode")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the medians count")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch sees no CUDA device; --device cpu runs on the processor")
    if min(args.batch + args.prompt + [args.repeats]) < 1 or args.new_tokens < 2:
        parser.error("batch, prompt and repeats are 1 at least, new tokens 2")
    with torch.inference_mode():
        model = make_model(args.random, DTYPES[args.dtype], args.device)
        rows = [measure(model, args, batch, prompt) for batch in args.batch for prompt in args.prompt]
    versions = f"transformers {transformers.__version__}, PyTorch {torch.__version__}"
    if args.json:
        print(json.dumps({"peer": versions, "model": args.random, "dtype": args.dtype, "rows": rows}))
        return
    print(f"{versions}, {args.random} {args.dtype}")
    for r in rows:
        graph = r["decode_graph_tokens_per_second"]
        print(f"batch {r['batch']:3d}  prompt {r['prompt']:5d}  first token {r['first_token_ms']:9.2f} ms  decode {r['decode_tokens_per_second']:8.1f} tokens/s"
              + (f", as a graph {graph:8.1f}" if graph else ""))


if __name__ == "__main__":
    main()
