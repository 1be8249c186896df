using System.Runtime.InteropServices;
using Pursuit.Storage;

namespace Pursuit.Benchmarks;

/// <summary>`load`: a bf16 model of 1 GB to floats, against a plain read of the same file.</summary>
internal static class LoadBenchmark
{
    private const int Tensors = 16;
    private const int Rows = 8192;
    private const int Columns = 4096;

    /// <summary>Writes the model to the temporary folder, verifies it, times it, deletes it.</summary>
    public static int Run()
    {
        var directory = Directory.CreateTempSubdirectory("pursuit-benchmark-").FullName;
        try
        {
            var path = Path.Combine(directory, "model.safetensors");
            SafetensorsWriter.Write(path, [.. Enumerable.Range(0, Tensors)
                .Select(t => new TensorToWrite($"layer.{t}", TensorType.BFloat16, [Rows, Columns], (offset, bytes) =>
                {
                    var numbers = MemoryMarshal.Cast<byte, ushort>(bytes);
                    for (var i = 0; i < numbers.Length; i++)
                        numbers[i] = (ushort)(0x3F80 + t + (offset / 2 + i) % 64);
                }))]);
            var buffer = new byte[1 << 22];
            var weights = new float[Rows * Columns];
            var seconds = Measure.AlternateProcessorTime(5, () => ReadPlain(path, buffer), () => Load(path, weights));
            for (var i = 0; i < weights.Length; i++)
            {
                if (BitConverter.SingleToUInt32Bits(weights[i]) >> 16 != 0x3F80 + Tensors - 1 + i % 64)
                    throw new InvalidOperationException($"element {i} of the last tensor is {weights[i]}");
            }

            var gigabytes = new FileInfo(path).Length / 1e9;
            Console.WriteLine(
                $"{Measure.Machine()}; the file is in the system's cache; best of 5 alternating rounds, processor time of the one thread");
            Console.WriteLine();
            Console.WriteLine("| what | seconds | GB/s of file |");
            Console.WriteLine("|---|---|---|");
            Console.WriteLine($"| plain read of {gigabytes:F2} GB into one 4 MB buffer | {seconds[0]:F2} | {gigabytes / seconds[0]:F1} |");
            Console.WriteLine($"| SafetensorsFile to fp32, tensor by tensor | {seconds[1]:F2} | {gigabytes / seconds[1]:F1} |");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        return 0;
    }

    private static void ReadPlain(string path, byte[] buffer)
    {
        using var file = File.OpenHandle(path);
        for (long offset = 0, read; (read = RandomAccess.Read(file, buffer, offset)) > 0;)
            offset += read;
    }

    private static void Load(string path, float[] weights)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.InFileOrder)
            file.ReadSingle(tensor.Name, weights);
    }
}
