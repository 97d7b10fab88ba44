#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes what all-MiniLM-L6-v2 says about sentences.txt, with PyTorch in f64.

    ./dev minilm
    pip install torch transformers safetensors
    tests/models/minilm/make_reference.py build/minilm

writes reference.safetensors beside this file: `input_ids` and `attention_mask` [20, longest], padded with 0, and
`embeddings` [20, 384], the means of the last hidden states over the tokens, of length 1.
"""
import pathlib
import sys

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertModel

HERE = pathlib.Path(__file__).parent


def main():
    folder = pathlib.Path(sys.argv[1])
    sentences = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(sentences)
    ids = torch.tensor([e.ids for e in encodings])
    mask = torch.tensor([e.attention_mask for e in encodings])
    model = BertModel.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weight).sum(1) / weight.sum(1)
    embeddings = torch.nn.functional.normalize(mean, dim=1).float()
    save_file({"input_ids": ids, "attention_mask": mask, "embeddings": embeddings.contiguous()},
              HERE / "reference.safetensors")
    print(f"{len(sentences)} sentences, {ids.shape[1]} tokens at most, cosine of the first two "
          f"{float(embeddings[0] @ embeddings[1]):.4f}")


if __name__ == "__main__":
    main()
