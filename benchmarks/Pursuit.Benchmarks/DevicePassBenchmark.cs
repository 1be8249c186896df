using System.Diagnostics;
using System.Globalization;
using Pursuit.Cuda;
using Pursuit.Engine.Kernels;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Benchmarks;

/// <summary>
/// `device-passes NAME [MEBIBYTES]`: passes of a selection over rows of 4,096 numbers in bf16 that a device holds, beside the processor's,
/// whose bits they must have. The first pass takes the rows there.
/// </summary>
internal static class DevicePassBenchmark
{
    private const int Dimension = 4096;

    /// <summary>Rows that are stored; a longer pool has them again and again.</summary>
    private const int StoredRows = 1 << 16;

    public static int Run(string[] arguments)
    {
        if (arguments is not [var name, .. var rest] || rest.Length > 1)
        {
            Console.Error.WriteLine("device-passes NAME [MEBIBYTES]");
            return 2;
        }

        var device = CudaDevices.IsName(name) ? CudaDevices.Find(name) : Device.Find(name);
        if (device is null)
        {
            Console.Error.WriteLine($"there is no device '{name}'");
            return 2;
        }

        var mebibytes = rest.Length == 0 ? 8192 : int.Parse(rest[0], CultureInfo.InvariantCulture);
        var features = new RepeatedRows(checked((int)(((long)mebibytes << 20) / (Dimension * sizeof(ushort)))));
        var rows = GradientRows.OfPool(features, RowConstruction.ExactUnit);
        var gigabytes = rows.PassBytes / 1e9;
        Console.WriteLine($"{Measure.Machine()}; device {name} ({device.Backend ?? device.Operations.Name})");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{rows.Count:N0} rows x {Dimension:N0} in bf16, {gigabytes:0.0} GB; best of three passes"));
        Console.WriteLine("| right-hand sides | processor, s | GB/s | first pass of the device, s | later ones, s | GB/s | same bits |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        var same = true;
        foreach (var count in new[] { 1, 4, 8, 32 })
        {
            var rhs = new float[count * Dimension];
            var random = new SeededRandom((ulong)count, "benchmark/device-passes");
            foreach (ref var value in rhs.AsSpan()) value = (float)random.NextGaussian();
            var (expected, found) = (new double[rows.Count * count], new double[rows.Count * count]);
            var processor = Best(() => Scan(expected));
            using var held = rows.HoldOn(device.RowDevice);
            if (held is null)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"| {count} | {processor:0.0000} | {gigabytes / processor:0.0} | not held | | | |"));
                continue;
            }

            var first = Seconds(() => Scan(found));
            var later = Best(() => Scan(found));
            var isSame = found.AsSpan().SequenceEqual(expected);
            same &= isSame;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {count} | {processor:0.0000} | {gigabytes / processor:0.0} | {first:0.000} | {later:0.0000} | "
                    + $"{gigabytes / later:0.0} | {(isSame ? "yes" : "NO")} |"));

            void Scan(double[] scores) => rows.Scan(rhs, count, scores, Environment.ProcessorCount, CancellationToken.None);
        }

        return same ? 0 : 1;
    }

    private static double Best(Action pass) => Enumerable.Range(0, 3).Min(_ => Seconds(pass));

    private static double Seconds(Action pass)
    {
        var start = Stopwatch.GetTimestamp();
        pass();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Rows of random numbers in bf16, the same ones again after <see cref="StoredRows"/>.</summary>
    private sealed class RepeatedRows : IDenseFeatures
    {
        private readonly ushort[] _values;
        private readonly float[] _norms;

        public RepeatedRows(int rows)
        {
            Rows = rows;
            var stored = Math.Min(StoredRows, rows);
            _values = new ushort[stored * Dimension];
            Parallel.For(0, stored, r =>
            {
                var random = new SeededRandom((ulong)r, "benchmark/device-passes/rows");
                for (var k = 0; k < Dimension; k++)
                    _values[r * Dimension + k] = (ushort)(BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 0.5)) >> 16);
            });
            _norms = new float[rows];
            Array.Fill(_norms, 18.5f); // about what they are
        }

        public string Name => "random rows";

        public int Rows { get; }

        public int Checkpoints => 1;

        public int Dimension => DevicePassBenchmark.Dimension;

        public int BytesPerElement => sizeof(ushort);

        public IReadOnlyList<double> Etabar { get; } = [1];

        public int ShardRows => 1024;

        public ReadOnlySpan<float> Norms(int checkpoint) => _norms;

        public ReadOnlySpan<float> Scales(int checkpoint) => [];

        public FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch) =>
            new(_values.AsSpan(firstRow % StoredRows * Dimension, rows * Dimension));

        public void Dispose()
        {
            // It holds nothing that isn't collected.
        }
    }
}
