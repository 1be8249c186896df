using System.Globalization;
using System.Runtime.InteropServices;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>
/// `bf16`: what weights that stay in bf16 cost in time against the same weights in float32; and `bf16-model`, which writes a model of
/// random bf16 weights of any size, to see what a large one takes.
/// </summary>
internal static class WeightTypesBenchmark
{
    private const int Rounds = 7;

    /// <summary>`bf16 [WIDTH...]`: losses, and losses with adapters' gradients, of 32 x 128 tokens on one thread.</summary>
    public static int Run(string[] arguments)
    {
        var widths = arguments.Length > 0 ? arguments.Select(a => int.Parse(a, CultureInfo.InvariantCulture)).ToArray() : [288, 512, 1024];
        Console.WriteLine($"{Measure.Machine()}; one thread, 32 x 128 tokens, vocabulary 4,096, every token a label");
        Console.WriteLine("| width, layers | work | float32 CPU s | bf16 CPU s | ratio |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var width in widths)
        {
            var config = EngineBenchmark.Config(width);
            var directory = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
            try
            {
                using (var random = Decoder.Create(config, seed: 1)) random.Save(directory);
                using var wide = new Contender(directory, WeightUse.Change);
                using var narrow = new Contender(directory, WeightUse.Read);
                var batch = EngineBenchmark.Batch(config);
                if (!wide.Losses(batch).SequenceEqual(narrow.Losses(batch))
                    || !wide.Gradients(batch).SequenceEqual(narrow.Gradients(batch)))
                    throw new InvalidOperationException("bf16 weights give other losses than the same weights in float32");
                Print("losses", c => c.Losses(batch));
                Print("losses and gradients of adapters (rank 16)", c => c.Gradients(batch));

                void Print(string work, Func<Contender, IReadOnlyList<double>> run)
                {
                    var seconds = Measure.AlternateProcessorTime(Rounds, () => run(wide), () => run(narrow));
                    Console.WriteLine(
                        $"| {width}, {config.Layers} | {work} | {seconds[0]:F3} | {seconds[1]:F3} | {seconds[1] / seconds[0]:F3} |");
                }
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        return 0;
    }

    /// <summary>`bf16-model DIR TOKENIZER [WIDTH LAYERS VOCABULARY]`: 1.5 billion parameters where nothing else is said.</summary>
    public static int WriteModel(string[] arguments)
    {
        if (arguments is not [var directory, var tokenizer, ..])
        {
            Console.Error.WriteLine("bf16-model DIR TOKENIZER [WIDTH LAYERS VOCABULARY]");
            return 2;
        }

        int Number(int place, int usual) => arguments.Length > place ? int.Parse(arguments[place], CultureInfo.InvariantCulture) : usual;
        var (width, vocabulary) = (Number(2, 1536), Number(4, 151_936));
        var config = new ModelConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = width,
            IntermediateSize = width * 35 / 6,
            Layers = Number(3, 28),
            QueryHeads = width / 128,
            KeyValueHeads = 2,
            HeadSize = 128,
            MaximumPositions = 4096,
            TiedHead = true,
        };
        var layout = new ParameterLayout(config);
        SafetensorsWriter.Write(
            Path.Combine(directory, ModelWeights.SingleFileName),
            [.. layout.All.Select(p => new TensorToWrite(
                p.Name, TensorType.BFloat16, [.. p.Shape.Select(s => (long)s)], (offset, bytes) => Fill(p, offset, bytes)))],
            new Dictionary<string, string> { ["format"] = "pt" });
        using (var shape = Decoder.Create(
            config with { Layers = 1, VocabularySize = 300, HiddenSize = 128, IntermediateSize = 32, QueryHeads = 2 }, seed: 1))
        {
            var small = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
            shape.Save(small);
            var text = File.ReadAllText(Path.Combine(small, "config.json"));
            foreach (var (name, value) in new (string, int)[]
            {
                ("vocab_size", vocabulary), ("hidden_size", width), ("intermediate_size", config.IntermediateSize),
                ("num_hidden_layers", config.Layers), ("num_attention_heads", config.QueryHeads),
            })
                text = System.Text.RegularExpressions.Regex.Replace(text, $"\"{name}\": \\d+", $"\"{name}\": {value}");
            File.WriteAllText(Path.Combine(directory, "config.json"), text);
            Directory.Delete(small, recursive: true);
        }

        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json", "chat_template.jinja" })
            if (File.Exists(Path.Combine(tokenizer, name)))
                File.Copy(Path.Combine(tokenizer, name), Path.Combine(directory, name), overwrite: true);
        Console.WriteLine($"{layout.Count:N0} parameters in {directory}");
        return 0;
    }

    /// <summary>Matrices uniform around 0 by a hash of the place, norms 1.</summary>
    private static void Fill(Parameter parameter, long offset, Span<byte> bytes)
    {
        var numbers = MemoryMarshal.Cast<byte, ushort>(bytes);
        var values = new float[numbers.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var place = (ulong)(offset / sizeof(ushort) + i) + ((ulong)parameter.Index << 40);
            var bits = (place * 0x9E3779B97F4A7C15UL ^ place >> 7) * 0xBF58476D1CE4E5B9UL;
            values[i] = parameter.IsVector ? 1 : ((bits >> 40) / (float)(1 << 24) - 0.5f) * 0.06f;
        }

        FloatConversion.SingleToBFloat16(values, numbers);
    }

    /// <summary>A model with its worker and adapters.</summary>
    private sealed class Contender : IDisposable
    {
        private readonly Decoder _decoder;
        private readonly LoraAdapters _adapters;
        private readonly DecoderPool _pool;
        private readonly AdapterGradients _gradients;

        public Contender(string directory, WeightUse use)
        {
            _decoder = Decoder.Load(directory, Device.Cpu, use);
            _adapters = LoraAdapters.Create(_decoder, new LoraOptions { Rank = 16, Dropout = 0 }, seed: 1);
            _decoder.Adapters = _adapters;
            _pool = new DecoderPool(_decoder, new DecoderPoolOptions { Threads = 1 });
            _gradients = new AdapterGradients(_decoder);
        }

        public IReadOnlyList<double> Losses(Batch batch) => _pool.Losses(batch).Examples;

        public IReadOnlyList<double> Gradients(Batch batch) => _pool.Gradients(batch, LossReduction.TokenMean, _gradients).Examples;

        public void Dispose()
        {
            _gradients.Dispose();
            _pool.Dispose();
            _adapters.Dispose();
            _decoder.Dispose();
        }
    }
}
