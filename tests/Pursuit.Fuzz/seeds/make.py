"""Writes the seeds of tokenizers: the smallest files that use each part of the format. Run: python3 make.py"""
import base64
import json


def byte_alphabet():
    """GPT-2's printable characters for the 256 bytes."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    extra = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(extra))]


def token(number, content, special=True, **more):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special, "special": special, **more}


def write(name, normalizer, pre_tokenizer, post_processor, decoder, vocabulary, merges, added=(), **model):
    vocabulary = {t: i for i, t in enumerate(vocabulary)}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    added = [{**t, "id": len(vocabulary) + k} for k, t in enumerate(added)]
    whole = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor, "decoder": decoder,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                  "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": [f"{a} {b}" for a, b in merges], **model},
    }
    with open(f"tokenizers/{name}.json", "w", encoding="utf-8") as file:
        json.dump(whole, file, ensure_ascii=False)


SPECIALS = [token(0, "<s>"), token(0, "</s>"), token(0, "<|im_start|>", lstrip=True), token(0, "word", special=False, rstrip=True, single_word=True)]
LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
letters = list("abcdefghijklmnopqrstuvwxyz ABC012.,!\u2581\u00e9\n")

write("byte-level", {"type": "NFC"}, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
      {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
      byte_alphabet(), [("t", "h"), ("th", "e"), ("\u0120", "the")], SPECIALS)
write("split", {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "StripAccents"}, {"type": "Strip", "strip_left": True, "strip_right": False}]},
      {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False},
                                              {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}]},
      {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
      {"type": "Sequence", "decoders": [{"type": "Fuse"}]}, letters, [("t", "h"), ("th", "e")], SPECIALS, ignore_merges=True)
write("metaspace", {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}, None,
      None, {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                                               {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
      ["<unk>"] + [f"<0x{b:02X}>" for b in range(256)] + letters, [("\u2581", "t"), ("h", "e")], SPECIALS, byte_fallback=True, fuse_unk=True, unk_token="<unk>")
write("whitespace", None, {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}]},
      {"type": "Sequence", "processors": [{"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1], "trim_offsets": True, "add_prefix_space": True}]},
      {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}, letters, [("a", "b")], SPECIALS)


def save(name, parts):
    with open(f"tokenizers/{name}.json", "w") as file:
        json.dump(parts, file, indent=1)


save("bert", {
    "added_tokens": [token(i, t) for i, t in enumerate(["[UNK]", "[CLS]", "[SEP]"])],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {t: i for i, t in enumerate(["[UNK]", "[CLS]", "[SEP]", "the", "house", "##s", "a", "##a", "1", "##2", "'"])},
    },
})

# A double array of one rule: A becomes a.
units = [0] * 512
units[0], units[1 ^ 65], units[1 ^ 65 ^ 200] = 1 << 10, 65 | 200 << 10 | 1 << 8, 1 << 31
rules = b"".join(unit.to_bytes(4, "little") for unit in [4 * len(units), *units]) + b"a\0"
metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}
save("unigram", {
    "added_tokens": [token(0, "<unk>")],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(rules).decode()}, {"type": "Nmt"},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
    "pre_tokenizer": metaspace,
    "post_processor": None,
    "decoder": metaspace,
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True, "vocab": [
        ["<unk>", 0], ["\u2581", -2.5], ["\u2581the", -3], ["house", -5], ["a", -4], ["s", -4.5], ["<0x61>", 0]]},
})
