using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// `families DIR`: the worst error of logits, losses and gradients of every tiny model that make_families.py made, norm-wise against
/// PyTorch in float64.
/// </summary>
internal static class FamiliesBenchmark
{
    private const int LogitsOf = 4;

    public static int Run(string[] arguments)
    {
        if (arguments.Length != 1)
        {
            Console.Error.WriteLine("families needs the directory of make_families.py, tests/fixtures/engine/families");
            return 2;
        }

        Console.WriteLine("| model | parameters | logits | losses | gradients | the worst tensor |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var batch = Batch.Pack(Examples(Path.Combine(arguments[0], "..", "batch.json")));
        foreach (var directory in Directory.GetDirectories(arguments[0]).Order(StringComparer.Ordinal))
            Console.WriteLine(Row(directory, batch));
        return 0;
    }

    private static string Row(string directory, Batch batch)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(directory, "expected.safetensors"));
        using var decoder = Decoder.Load(directory, use: WeightUse.Change);
        using var worker = new DecoderWorker(decoder);
        var vocabulary = decoder.Config.VocabularySize;
        var logits = new float[batch.Tokens.Length * vocabulary];
        worker.Logits(batch.Whole(LossReduction.ExampleSum), logits);
        var (first, end) = (batch.Offsets[LogitsOf], batch.Offsets[LogitsOf + 1]);
        var ofLogits = Distance(logits[(first * vocabulary)..(end * vocabulary)], Read(expected, "logits"));

        using var pool = new DecoderPool(decoder, new DecoderPoolOptions { Threads = 1 });
        using var gradients = new WeightGradients(decoder);
        var losses = pool.Gradients(batch, LossReduction.ExampleSum, gradients).Examples;
        var ofLosses = Distance([.. losses.Select(l => (float)l)], Read(expected, "losses"));
        var (worst, name) = decoder.Layout.All.Max(p => (OfGradient(p), p.Name));
        return $"| {Path.GetFileName(directory)} | {decoder.Layout.Count:N0} | {ofLogits:0.0e0} | {ofLosses:0.0e0} "
            + $"| {worst:0.0e0} | {name} |";

        double OfGradient(Parameter parameter) =>
            Distance(gradients.Read(parameter), Ordered(parameter, Read(expected, "grad." + parameter.Name)));
    }

    private static float[] Ordered(Parameter parameter, float[] file)
    {
        var memory = new float[file.Length];
        if (parameter.Order is not { } order) return file;
        order.Read<float>(parameter.Shape, file, memory);
        return memory;
    }

    private static float[] Read(SafetensorsFile file, string name)
    {
        var values = new float[file.Info(name).ElementCount];
        file.ReadSingle(name, values);
        return values;
    }

    private static double Distance(float[] actual, float[] expected)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)actual[i] - expected[i], 2);
            norm += (double)expected[i] * expected[i];
        }

        return Math.Sqrt(norm == 0 ? difference : difference / norm);
    }

    private static (int[] Tokens, bool[]? Supervised)[] Examples(string path)
    {
        using var document = JsonFile.Parse(File.ReadAllBytes(path), path);
        return [.. document.Root.Items().Select(e => (
            e["tokens"].Items().Select(t => (int)t.Element.GetInt32()).ToArray(),
            (bool[]?)e["supervised"].Items().Select(t => t.Element.GetBoolean()).ToArray()))];
    }
}
