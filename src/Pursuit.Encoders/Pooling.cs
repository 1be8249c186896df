using System.Numerics.Tensors;
using Pursuit.Engine.Features;
using Pursuit.Storage;

namespace Pursuit.Encoders;

/// <summary>How hidden states become one vector, as sentence-transformers' pooling module says it and does it.</summary>
/// <param name="Pool">How.</param>
/// <param name="PoolsPrompt">Whether the prompt's tokens count.</param>
internal sealed record Pooling(EncoderPool Pool, bool PoolsPrompt)
{
    private const string Flag = "pooling_mode_";

    private static readonly Dictionary<string, EncoderPool> Modes = new(StringComparer.Ordinal)
    {
        ["mean_tokens"] = EncoderPool.Mean,
        ["mean"] = EncoderPool.Mean,
        ["cls_token"] = EncoderPool.Cls,
        ["cls"] = EncoderPool.Cls,
        ["lasttoken"] = EncoderPool.Last,
        ["max_tokens"] = EncoderPool.Max,
        ["max"] = EncoderPool.Max,
        ["weightedmean_tokens"] = EncoderPool.Weighted,
        ["weightedmean"] = EncoderPool.Weighted,
        ["mean_sqrt_len_tokens"] = EncoderPool.SqrtMean,
    };

    /// <summary>Reads the module's config.json; without a module it is the mean, as in sentence-transformers.</summary>
    /// <param name="directory">The encoder's directory.</param>
    /// <param name="module">The module's folder; null for none.</param>
    /// <exception cref="PursuitException">The file is missing, or asks for a pooling that isn't known, or for several.</exception>
    public static Pooling Read(string directory, string? module)
    {
        if (module is null) return new Pooling(EncoderPool.Mean, true);
        var path = Path.Combine(directory, module, "config.json");
        using var file = JsonFile.Open(path, JsonFile.LargestConfiguration, "how an encoder pools, as JSON");
        var asked = file.Root.Properties()
            .Where(p => p.Name.StartsWith(Flag, StringComparison.Ordinal) && p.Value.Boolean(false))
            .Select(p => p.Name[Flag.Length..])
            .ToList();
        if (file.Root["pooling_mode"] is { IsNull: false } mode) asked = [mode.Text()];
        if (asked.Count != 1 || !Modes.TryGetValue(asked[0], out var pool))
            throw PursuitException.At(
                path,
                asked.Count == 0 ? "no pooling" : $"the pooling {string.Join(" with ", asked)}",
                "one of mean_tokens, cls_token, lasttoken, max_tokens, weightedmean_tokens, mean_sqrt_len_tokens",
                "Choose one with encoder.pool.");
        return new Pooling(pool, file.Root["include_prompt"].Boolean(true));
    }

    /// <summary>Pools hidden states. Sums are taken in double precision, in the tokens' order.</summary>
    /// <param name="pool">How.</param>
    /// <param name="states">[tokens, vector.Length].</param>
    /// <param name="from">The first token that counts.</param>
    /// <param name="vector">Gets the vector.</param>
    public static void Apply(EncoderPool pool, ReadOnlySpan<float> states, int from, Span<float> vector)
    {
        var width = vector.Length;
        var count = states.Length / width;
        switch (pool)
        {
            case EncoderPool.Cls:
                states[..width].CopyTo(vector);
                return;
            case EncoderPool.Last:
                states[^width..].CopyTo(vector);
                return;
            case EncoderPool.Max:
                states.Slice(from * width, width).CopyTo(vector);
                for (var t = from + 1; t < count; t++) TensorPrimitives.Max(vector, states.Slice(t * width, width), vector);
                return;
        }

        var sums = new double[width];
        var total = 0.0;
        for (var t = from; t < count; t++)
        {
            // The module's weights count from the text's first token, also where the prompt is left out.
            var weight = pool == EncoderPool.Weighted ? t + 1.0 : 1.0;
            total += weight;
            var state = states.Slice(t * width, width);
            for (var k = 0; k < width; k++) sums[k] += weight * state[k];
        }

        var divisor = pool == EncoderPool.SqrtMean ? Math.Sqrt(total) : total;
        for (var k = 0; k < width; k++) vector[k] = (float)(sums[k] / divisor);
    }
}
