using Microsoft.ML.OnnxRuntime;
using Pursuit.Encoders;
using Pursuit.Engine.Features;

namespace Pursuit.Benchmarks;

/// <summary>
/// `encoders DIR TEXTS`: texts a second of processor time of an encoder's vectors, beside ONNX Runtime alone on the same tokens: one text
/// at a time, in padded batches of 32 texts of similar length, and in batches of up to 8 texts of equal length, which need no padding, with
/// the number of texts whose hidden states then have other bits; and from safetensors where the directory has them too, with the largest
/// difference of a vector's numbers.
/// </summary>
internal static class EncodersBenchmark
{
    private const int Rounds = 3;
    private const int Batch = 32;
    private const int EqualBatch = 8;
    private const string Safetensors = "model.safetensors";

    /// <summary>Measures.</summary>
    public static int Run(string[] args)
    {
        if (args.Length != 2)
        {
            Console.Error.WriteLine("expected: encoders DIR TEXTS (a text a line)");
            return 2;
        }

        var threads = Environment.ProcessorCount;
        var encoder = new OnnxEncoderLoader().Load(args[0], new EncoderOptions(), 512);
        EncoderTokens[] texts =
        [
            .. File.ReadLines(args[1]).Where(line => line.Length > 0).Select(line => encoder.Tokenize(line, ""))
                .OrderByDescending(t => t.Ids.Count),
        ];
        using var session = encoder.Start();
        using var own = File.Exists(Path.Combine(args[0], Safetensors))
            ? new OnnxEncoderLoader().Load(args[0], new EncoderOptions { File = Safetensors }, 512).Start()
            : null;
        using var alone = Session(args[0], 1);
        using var batched = Session(args[0], threads);
        using var options = new RunOptions();
        var tokens = texts.Sum(t => (long)t.Ids.Count);
        var equal = texts.GroupBy(t => t.Ids.Count).SelectMany(g => g.Chunk(EqualBatch)).ToArray();
        var (together, others) = OtherBits(alone, options, equal);
        var rates = new double[5];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        for (var round = 0; round < Rounds; round++) // in turns: the machine's other load hits all alike
        {
            Best(0, () => Parallel.For(0, texts.Length, parallel, i => session.Encode(texts[i], new float[session.Dimension])));
            Best(1, () => Parallel.For(0, texts.Length, parallel, i => Run(alone, options, [texts[i]])));
            if (own is not null)
                Best(4, () => Parallel.For(0, texts.Length, parallel, i => own.Encode(texts[i], new float[own.Dimension])));
            Best(3, () => Parallel.For(0, equal.Length, parallel, i => Run(alone, options, equal[i])));
            Best(2, () =>
            {
                foreach (var part in texts.Chunk(Batch)) Run(batched, options, part);
            });
        }

        Console.WriteLine($"{Measure.Machine()}; ONNX Runtime {OrtEnv.Instance().GetVersionString()}; {texts.Length:N0} texts, "
            + $"{tokens:N0} tokens, {threads} threads, best of {Rounds}");
        Console.WriteLine("| encoder | Pursuit, texts/s | ONNX Runtime alone, one text each | share | padded batches of 32 | share "
            + "| batches of equal length | share | texts in company, with other bits "
            + "| from safetensors | difference |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        Console.WriteLine(
            $"| {encoder.Facts.Name} | {rates[0]:F1} | {rates[1]:F1} | {rates[0] / rates[1]:F2} | {rates[2]:F1} "
                + $"| {rates[0] / rates[2]:F2} | {rates[3]:F1} | {rates[0] / rates[3]:F2} | {together:N0}, {others:N0} "
                + (own is null ? "| | |" : $"| {rates[4]:F1} | {texts.Max(text => Difference(session, own, text)):E1} |"));
        return 0;

        void Best(int column, Action work)
        {
            var start = Environment.CpuUsage.TotalTime; // others' load leaves it alone, as it doesn't the clock
            work();
            rates[column] = Math.Max(rates[column], texts.Length / (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }
    }

    private static double Difference(IEncoderSession one, IEncoderSession other, EncoderTokens text)
    {
        var (first, second) = (new float[one.Dimension], new float[one.Dimension]);
        one.Encode(text, first);
        other.Encode(text, second);
        return first.Zip(second, (a, b) => (double)Math.Abs(a - b)).Max();
    }

    private static (int Together, int Others) OtherBits(InferenceSession session, RunOptions options, EncoderTokens[][] batches)
    {
        var (together, others) = (0, 0);
        foreach (var batch in batches.Where(b => b.Length > 1))
        {
            var all = Run(session, options, batch);
            var size = all.Length / batch.Length;
            together += batch.Length;
            others += batch.Index().Count(t => !all.AsSpan(t.Index * size, size).SequenceEqual(Run(session, options, [t.Item])));
        }

        return (together, others);
    }

    private static InferenceSession Session(string directory, int threads) =>
        new(OnnxFile.Find(directory, "auto").Path, new SessionOptions { IntraOpNumThreads = threads, EnableMemoryPattern = false });

    private static float[] Run(InferenceSession session, RunOptions options, EncoderTokens[] texts)
    {
        var longest = texts.Max(t => t.Ids.Count);
        long[] shape = [texts.Length, longest];
        var (ids, mask) = (new long[texts.Length * longest], new long[texts.Length * longest]);
        for (var i = 0; i < texts.Length; i++)
        {
            for (var t = 0; t < texts[i].Ids.Count; t++) (ids[(i * longest) + t], mask[(i * longest) + t]) = (texts[i].Ids[t], 1);
        }

        var inputs = session.InputNames.Select(name => OrtValue.CreateTensorValueFromMemory(
            name == "input_ids" ? ids : name == "attention_mask" ? mask : new long[ids.Length], shape)).ToArray();
        using var results = session.Run(options, session.InputNames, inputs, [session.OutputNames[0]]);
        foreach (var input in inputs) input.Dispose();
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
