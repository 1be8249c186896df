using Pursuit.Storage;
using Pursuit.Tokenization.Decoding;
using Pursuit.Tokenization.Splitting;

namespace Pursuit.Tokenization.Reading;

/// <summary>Reads the post-processor and decoder of a tokenizer.json.</summary>
internal static class OutputReader
{
    private const string PostProcessors = "Sequence, TemplateProcessing, ByteLevel, RobertaProcessing, BertProcessing";
    private const string Decoders = "Sequence, ByteLevel, ByteFallback, Replace, Fuse, Strip, Metaspace, WordPiece, BPEDecoder";
    private const int LongestStrip = 1 << 20;

    /// <summary>The ids a post-processor puts before and after a single text.</summary>
    public sealed record Frame(IReadOnlyList<int> Before, IReadOnlyList<int> After)
    {
        /// <summary>Nothing before, nothing after.</summary>
        public static readonly Frame None = new([], []);
    }

    /// <summary>Reads a post-processor; null means none.</summary>
    public static Frame PostProcessor(JsonField field)
    {
        if (field.IsNull) return Frame.None;
        switch (field.Type())
        {
            case "Sequence":
                return field["processors"].Items().Select(PostProcessor)
                    .Aggregate(
                        Frame.None, (inner, outer) => new Frame([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]));
            case "ByteLevel":
                return Frame.None; // trims offsets only; spans here are the whole token's
            case "TemplateProcessing":
                return Template(field);
            case "RobertaProcessing" or "BertProcessing":
                return new Frame([Pair(field["cls"])], [Pair(field["sep"])]);
            case var type:
                throw field.Unsupported("post-processor", type, PostProcessors);
        }
    }

    /// <summary>Reads a decoder; null means none.</summary>
    /// <param name="field">The decoder.</param>
    /// <param name="added">The added tokens' texts.</param>
    public static IDecoder? Decoder(JsonField field, IReadOnlySet<string> added)
    {
        if (field.IsNull) return null;
        switch (field.Type())
        {
            case "Sequence":
                return new DecoderSequence([.. field["decoders"].Items().Select(item => Decoder(item, added)).OfType<IDecoder>()]);
            case "ByteLevel":
                return new ByteLevelDecoder(added);
            case "ByteFallback":
                return new ByteFallbackDecoder();
            case "Replace":
                return new ReplaceDecoder(PipelineReader.Pattern(field["pattern"]), field["content"].Text());
            case "Fuse":
                return new FuseDecoder();
            case "Strip":
                var content = field["content"].Text();
                if (content.Length == 0) throw field["content"].Fault("a character to strip");
                return new StripDecoder(content, field["start"].Count(LongestStrip), field["stop"].Count(LongestStrip));
            case "Metaspace":
                var (mark, scheme) = PipelineReader.MetaspaceMark(field);
                return new MetaspaceDecoder(mark, scheme != PrefixScheme.Never);
            case "WordPiece":
                return new WordPieceDecoder(field["prefix"].Text("##"), field["cleanup"].Boolean(true));
            case "BPEDecoder":
                var suffix = field["suffix"].Text("</w>");
                return suffix.Length > 0 ? new WordSuffixDecoder(suffix) : throw field["suffix"].Fault("what ends words");
            case var type:
                throw field.Unsupported("decoder", type, Decoders);
        }
    }

    private static Frame Template(JsonField field)
    {
        var before = new List<int>();
        var after = new List<int>();
        var texts = 0;
        foreach (var piece in field["single"].Items())
        {
            var special = piece["SpecialToken"];
            if (special.IsNull)
            {
                var sequence = piece["Sequence"]["id"].Text();
                if (sequence != "A" || ++texts > 1) throw piece.Fault("one Sequence, A, in the template of a single text");
                continue;
            }

            var name = special["id"].Text();
            var known = field["special_tokens"][name];
            if (known.IsNull)
                throw PursuitException.At(special.Where, $"the special token '{name}' has no entry in special_tokens", "its ids there");
            (texts == 0 ? before : after).AddRange(known["ids"].Items().Select(id => id.Count(ModelReader.LargestId)));
        }

        return texts == 1 ? new Frame(before, after) : throw field["single"].Fault("a template with the Sequence A in it");
    }

    private static int Pair(JsonField field)
    {
        var parts = field.Items().ToArray();
        return parts.Length == 2 ? parts[1].Count(ModelReader.LargestId) : throw field.Fault("a token and its id");
    }
}
