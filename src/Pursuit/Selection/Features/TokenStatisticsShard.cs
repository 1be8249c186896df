using System.Globalization;
using System.Runtime.InteropServices;
using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>One shard of token statistics on disk: docs/formats/token-statistics.md.</summary>
internal sealed class TokenStatisticsShard
{
    internal const string Prefix = "statistics-", Ending = ".safetensors";

    private const string RowOffsets = "offsets", AloneOffsets = "answer_alone.offsets";
    private const string TokensName = "tokens", TrainedName = "trained", LogName = "log_probability";
    private const string SquareName = "square_sum", EntropyName = "entropy", MarginName = "margin", AloneName = "answer_alone";
    private const string LikeliestName = "likeliest";

    /// <summary>First token of each example, then the number of tokens, [examples + 1].</summary>
    public required long[] Offsets { get; init; }

    /// <summary>First entry of each example in <see cref="Alone"/>, then their number, [examples + 1].</summary>
    public required long[] AloneStarts { get; init; }

    /// <summary>Token ids, [tokens].</summary>
    public required int[] Tokens { get; init; }

    /// <summary>1 where loss would be taken, [tokens].</summary>
    public required byte[] Trained { get; init; }

    /// <summary>log p, [tokens].</summary>
    public required float[] LogProbability { get; init; }

    /// <summary>sum of p^2, [tokens].</summary>
    public required float[] SquareSum { get; init; }

    /// <summary>- sum p log p, [tokens].</summary>
    public required float[] Entropy { get; init; }

    /// <summary>First less second p, [tokens].</summary>
    public required float[] Margin { get; init; }

    /// <summary>1 where no other token was more probable, [tokens]; empty where an earlier version wrote the shard.</summary>
    public required byte[] Likeliest { get; init; }

    /// <summary>log p of trained tokens of an answer alone.</summary>
    public required float[] Alone { get; init; }

    /// <summary>A shard's path.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="shard">The shard's number.</param>
    public static string PathOf(string directory, int shard) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{shard:D5}{Ending}"));

    /// <summary>Writes it under its final name when it is whole, with a SHA-256 of its data.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="shard">The shard's number.</param>
    /// <param name="id">Fingerprint of everything the statistics depend on.</param>
    public void Write(string directory, int shard, string id)
    {
        var tensors = Tensors();
        SafetensorsWriter.Write(PathOf(directory, shard), tensors, new Dictionary<string, string>
        {
            [FeatureShard.StoreKey] = IdOf(shard, id),
            [FeatureShard.DigestKey] = SafetensorsWriter.DataDigest(PathOf(directory, shard), tensors),
        });
    }

    /// <summary>True where a shard is there, of these statistics and as it was written: reads it once.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="shard">The shard's number.</param>
    /// <param name="id">Fingerprint of everything the statistics depend on.</param>
    public static bool IsWhole(string directory, int shard, string id)
    {
        try
        {
            using var file = SafetensorsFile.Open(PathOf(directory, shard));
            return file.Metadata.GetValueOrDefault(FeatureShard.StoreKey) == IdOf(shard, id)
                && file.Metadata.GetValueOrDefault(FeatureShard.DigestKey) == file.DataDigest();
        }
        catch (PursuitException)
        {
            return false; // missing or cut short: not whole
        }
    }

    private static string IdOf(int shard, string id) => string.Create(CultureInfo.InvariantCulture, $"{id} {shard}");

    private List<TensorToWrite> Tensors() =>
    [
        Tensor(RowOffsets, TensorType.Int64, Offsets),
        Tensor(AloneOffsets, TensorType.Int64, AloneStarts),
        Tensor(TokensName, TensorType.Int32, Tokens),
        Tensor(LogName, TensorType.Float32, LogProbability),
        Tensor(SquareName, TensorType.Float32, SquareSum),
        Tensor(EntropyName, TensorType.Float32, Entropy),
        Tensor(MarginName, TensorType.Float32, Margin),
        Tensor(AloneName, TensorType.Float32, Alone),
        Tensor(TrainedName, TensorType.UInt8, Trained),
        Tensor(LikeliestName, TensorType.UInt8, Likeliest),
    ];

    /// <summary>Reads a shard.</summary>
    /// <exception cref="PursuitException">The file is missing or faulty.</exception>
    public static TokenStatisticsShard Read(string directory, int shard)
    {
        using var file = SafetensorsFile.Open(PathOf(directory, shard));
        return new TokenStatisticsShard
        {
            Offsets = Values<long>(file, RowOffsets),
            AloneStarts = Values<long>(file, AloneOffsets),
            Tokens = Values<int>(file, TokensName),
            Trained = Values<byte>(file, TrainedName),
            LogProbability = Values<float>(file, LogName),
            SquareSum = Values<float>(file, SquareName),
            Entropy = Values<float>(file, EntropyName),
            Margin = Values<float>(file, MarginName),
            Alone = Values<float>(file, AloneName),
            Likeliest = file.Tensors.ContainsKey(LikeliestName) ? Values<byte>(file, LikeliestName) : [],
        };
    }

    /// <summary>An example's part.</summary>
    /// <param name="row">Its number within the shard.</param>
    public TokenStatisticsRow Row(int row)
    {
        var own = Part(Offsets, row);
        return new TokenStatisticsRow
        {
            Tokens = Tokens.AsSpan(own),
            Trained = Trained.AsSpan(own),
            LogProbability = LogProbability.AsSpan(own),
            SquareSum = SquareSum.AsSpan(own),
            Entropy = Entropy.AsSpan(own),
            Margin = Margin.AsSpan(own),
            Likeliest = Likeliest.Length == 0 ? [] : Likeliest.AsSpan(own),
            AnswerAlone = Alone.AsSpan(Part(AloneStarts, row)),
        };
    }

    private static Range Part(long[] offsets, int row) => (int)offsets[row]..(int)offsets[row + 1];

    private static TensorToWrite Tensor<T>(string name, TensorType type, T[] values)
        where T : unmanaged => TensorToWrite.FromBytes(name, type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static T[] Values<T>(SafetensorsFile file, string name)
        where T : unmanaged
    {
        var info = file.Info(name);
        return MemoryMarshal.Cast<byte, T>(file.ReadRaw(name, 0, checked((int)info.ByteLength))).ToArray();
    }
}
