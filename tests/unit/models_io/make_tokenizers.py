#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains small tokenizers with Hugging Face's library and records what it makes of some texts.

    pip install tokenizers==0.23.3
    tests/unit/models_io/make_tokenizers.py

writes tokenizers/<name>.json beside this file, and tokenizers/cases.json: the texts and, for each tokenizer, their
ids and what those decode to.
"""
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = pathlib.Path(__file__).parent / "tokenizers"

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind at all.",
    "She'll say they've been there; we're not sure that it's what I'd have wanted.",
    "Numbers like 1, 23, 456 and 7890 are tokens too, as is 3.14159.",
    "Café, naïve, résumé, Ångström and Łódź have accents; so does Việt Nam.",
    "def main(argc, argv):\n    return [x * 2 for x in range(10) if x % 3 == 0]\n",
    "北京是中国的首都。東京は日本の首都です。서울은 대한민국의 수도이다.",
    "Привет, мир! Как дела? Γειά σου Κόσμε.",
    "🙂 smiles 🙂 and 👍🏽 thumbs, 🇩🇪 flags and 👨‍👩‍👧 families.",
    "running runner runs ran; unbelievable unhappiness; tokenization tokenizer tokens",
] * 4

TEXTS = [
    "", " ", "a", "Hello, world!", "The quick brown fox", " leading and trailing ", "two  spaces   three    four",
    "tabs\tand\nnew\n\nlines\r\nand more\n", "I'm sure they'll say it's what we've had, don't you? HE'LL SHOUT'S",
    "curly ’s and ‘quotes’ “too”", "1 12 123 1234 12345 3.14159 1,000,000 ½ ² Ⅷ ٣",
    "Café naïve résumé ÅNGSTRÖM Łódź Việt Nam", "Cafe\u0301 nai\u0308ve (decomposed)",
    "北京是中国的首都。", "東京は日本の首都です。カタカナ", "서울은 대한민국의 수도이다", "mixed 中文and English文字",
    "Привет, мир! ΓΕΙΆ ΣΟΥ ΚΌΣΜΕΣ", "नमस्ते दुनिया", "สวัสดีชาวโลก", "مرحبا بالعالم", "שלום עולם",
    "🙂", "smile 🙂🙂 👍🏽 🇩🇪 👨‍👩‍👧 end", "🫨 new 🪿", "a\u00a0b\u2009c\u3000d\u200be\u200df\ufeffg\u2028h\u0085i\u000bj",
    "control \u0000\u0001\u007f\u00ad chars", "private \ue000 and unassigned \u0378 and \ufffd",
    "def f(x):\n    return x**2 + y[0]['key'] # comment\n\n\tindented", "https://example.org/path?q=1&r=a_b#frag",
    "snake_case camelCase kebab-case x=y; {a: [1, 2]}", "ſtrange 'ſ long s", "İstanbul ISTANBUL ısı ß ẞ ǅ",
    "ﬁne ﬂow ① ㎏ ﷺ", "!!!???... --- ___ $$$ +++ ^^^ ``` ~~~ |||", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "supercalifragilisticexpialidocious antidisestablishmentarianism", "tokenization unbelievable runner",
    "<s> in the text </s>", "[CLS] a [MASK] b [SEP][PAD]", "a [MASK]  b[MASK]c", "<|begin_of_text|>Hi<|eot_id|>\n",
    "<|im_start|>user\nHi<|im_end|>", "▁already ▁ marked", "<0x41> <0xE2>", "word wordy sword word. word",
    "x" * 120, "   ", "\n\n\n", "  \n  ", "end with newline\n", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙 𠀀𫠠",
]


def llama3_words():
    return (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def qwen2_words():
    return llama3_words().replace(r"\p{N}{1,3}", r"\p{N}")


DEEPSEEK_WORDS = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
                  r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def train(tokenizer, trainer):
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def word_piece(lowercase, post):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    train(t, trainers.WordPieceTrainer(vocab_size=320, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.post_processor = post
    return t


def bert():
    t = word_piece(True, processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]))
    t.enable_truncation(128)
    t.enable_padding(length=128)
    return t


def bert_cased():
    t = word_piece(False, processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)))
    t.add_tokens([AddedToken("[MASK]", lstrip=True, special=True), AddedToken("word", single_word=True)])
    return t


def byte_level(pre, special, extra=60, **options):
    t = Tokenizer(models.BPE(**options))
    t.pre_tokenizer = pre
    t.decoder = decoders.ByteLevel()
    return train(t, trainers.BpeTrainer(vocab_size=256 + extra + len(special), special_tokens=special,
                                        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))


def split(words, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(words), behavior, invert)


def raw_bytes():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def gpt2():
    t = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), [])
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens(["<|endoftext|>"])
    return t


def llama3():
    special = ["<|begin_of_text|>", "<|eot_id|>"]
    t = byte_level(pre_tokenizers.Sequence([split(llama3_words()), raw_bytes()]), special, ignore_merges=True)
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)])])
    return t


def qwen2():
    t = byte_level(pre_tokenizers.Sequence([split(qwen2_words()), raw_bytes()]), [])
    t.normalizer = normalizers.NFC()
    t.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("</s>", normalized=False, rstrip=True)])
    return t


def deepseek():
    pre = [split(r"\p{N}{1,3}"), split(r"[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK_WORDS), raw_bytes()]
    return byte_level(pre_tokenizers.Sequence(pre), ["<s>", "</s>"])


def sentence_piece():
    """BPE over marked words, with a token for every byte: as converted from SentencePiece."""
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    train(t, trainers.BpeTrainer(vocab_size=260, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False,
                                 limit_alphabet=120))
    state = json.loads(t.to_str())
    vocab = state["model"]["vocab"]
    state["model"]["vocab"] = ({k: v for k, v in vocab.items() if v < 3} |
                               {f"<0x{b:02X}>": 3 + b for b in range(256)} |
                               {k: v + 256 for k, v in vocab.items() if v >= 3})
    state["model"]["byte_fallback"] = True
    t = Tokenizer.from_str(json.dumps(state))
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(content=" ", left=1)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return t


def llama2():
    t = sentence_piece()
    t.pre_tokenizer = None
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return t


def mixtral():
    t = sentence_piece()
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    t.decoder = decoders.Metaspace()
    return t


def no_bytes():
    """Without tokens for bytes: what is unknown stays unknown, and runs of it are not fused."""
    t = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"))
    t.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
                                         normalizers.Strip(), normalizers.Replace(Regex(r"\s+"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(True),
                                               pre_tokenizers.Punctuation("merged_with_previous")])
    return train(t, trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], limit_alphabet=60,
                                        continuing_subword_prefix="##", show_progress=False))


def word_ends():
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), split("[aeiou]+", "merged_with_next"), split("[xyz]", "contiguous", True),
        split("q", "removed"), pre_tokenizers.Digits(False)])
    t.decoder = decoders.BPEDecoder()
    t = train(t, trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>"], limit_alphabet=60,
                                     end_of_word_suffix="</w>", show_progress=False))
    t.post_processor = processors.RobertaProcessing(("<unk>", 0), ("<unk>", 0))
    return t


def record(t):
    """Ids with special tokens, how many of those stand before and after, and decoded texts: null where they are the
    text itself, or the one without special tokens."""
    t.no_padding()
    t.no_truncation()
    ids = [t.encode(x).ids for x in TEXTS]
    before = min(1, len(t.encode("").ids))
    after = len(t.encode("").ids) - before
    for x, i in zip(TEXTS, ids):
        assert t.encode(x, add_special_tokens=False).ids == i[before:len(i) - after]
    decoded = [t.decode(i) for i in ids]
    decoded_all = [t.decode(i, skip_special_tokens=False) for i in ids]
    return {"before": before, "after": after, "ids": ids,
            "decoded": [None if d == x else d for d, x in zip(decoded, TEXTS)],
            "decoded_all": [None if a == d else a for a, d in zip(decoded_all, decoded)]}


def main():
    OUT.mkdir(exist_ok=True)
    cases = {}
    for make in (bert, bert_cased, gpt2, llama3, qwen2, deepseek, llama2, mixtral, no_bytes, word_ends):
        t = make()
        text = json.dumps(json.loads(t.to_str()), ensure_ascii=False, separators=(",", ":"))
        (OUT / f"{make.__name__}.json").write_text(text + "\n", encoding="utf-8")
        cases[make.__name__] = record(t)
    text = json.dumps({"texts": TEXTS, "tokenizers": cases}, ensure_ascii=False, separators=(",", ":"))
    (OUT / "cases.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
