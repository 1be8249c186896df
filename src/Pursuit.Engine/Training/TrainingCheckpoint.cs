using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Training;

/// <summary>What a checkpoint says of itself beside its tensors.</summary>
/// <param name="Format">The layout's version.</param>
/// <param name="Fingerprint">Everything the training's result depends on; only a training of the same continues from here.</param>
/// <param name="Step">Steps done: the position in the data.</param>
/// <param name="Epoch">Epochs done, where the checkpoint stands at an epoch's end.</param>
/// <param name="MeanLearningRate">The mean learning rate of the steps since the epoch's checkpoint before, or since the start.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="Beta1">AdamW's beta1.</param>
/// <param name="Beta2">AdamW's beta2.</param>
/// <param name="Epsilon">AdamW's epsilon.</param>
public sealed record CheckpointState(int Format, string Fingerprint, long Step, int? Epoch, double MeanLearningRate, long Tokens, float Beta1, float Beta2, float Epsilon);

/// <summary>
/// A training's whole state in a directory: the weights in float32 as a model directory (<c>model.safetensors</c>,
/// <c>config.json</c>), AdamW's moments (<c>optimizer.safetensors</c>, each tensor's name behind <c>exp_avg.</c> and
/// <c>exp_avg_sq.</c>), and <c>checkpoint.json</c>. The directory gets its name when everything in it is on disk.
/// </summary>
public sealed class TrainingCheckpoint
{
    /// <summary>The file that holds a <see cref="CheckpointState"/>.</summary>
    public const string StateFileName = "checkpoint.json";

    /// <summary>The file that holds AdamW's moments.</summary>
    public const string OptimizerFileName = "optimizer.safetensors";

    /// <summary>Before a tensor's name: its first moment.</summary>
    public const string FirstMomentPrefix = "exp_avg.";

    /// <summary>Before a tensor's name: its second moment.</summary>
    public const string SecondMomentPrefix = "exp_avg_sq.";

    internal const int CurrentFormat = 1;
    private const string StepPrefix = "step-";
    private const string Partial = ".partial";

    private TrainingCheckpoint(string directory, CheckpointState state) => (FullPath, State) = (directory, state);

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>What it says of itself.</summary>
    public CheckpointState State { get; }

    /// <summary>Writes a checkpoint beside its final name, and renames it when it is whole.</summary>
    /// <param name="directory">The directory of all checkpoints.</param>
    /// <param name="state">What it says of itself; names it.</param>
    /// <param name="trained">The weights.</param>
    /// <param name="optimizer">The moments.</param>
    /// <exception cref="PursuitException">The disk is full or the directory can't be written; earlier checkpoints stay as they are.</exception>
    public static TrainingCheckpoint Write(string directory, CheckpointState state, ITrainedSet trained, AdamWOptimizer optimizer)
    {
        var final = Path.Combine(Path.GetFullPath(directory), StepPrefix + state.Step.ToString("D8", CultureInfo.InvariantCulture));
        var partial = final + Partial;
        try
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            trained.Save(partial);
            SafetensorsWriter.Write(Path.Combine(partial, OptimizerFileName), Moments(optimizer));
            AtomicFile.Write(Path.Combine(partial, StateFileName), stream => JsonSerializer.Serialize(stream, state, RunJson.Indented));
            if (Directory.Exists(final))
                Directory.Delete(final, recursive: true);
            Directory.Move(partial, final);
            return new TrainingCheckpoint(final, state);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PursuitException)
        {
            TryDelete(partial);
            var last = Last(directory)?.FullPath;
            var cause = (e as PursuitException)?.InnerException ?? e;
            throw PursuitException.At(final, $"the checkpoint of step {state.Step:N0} couldn't be written ({cause.Message.TrimEnd('.')})", "a writable directory with free space",
                $"{(last is null ? "No earlier checkpoint exists" : $"The checkpoint before it, {Path.GetFileName(last)}, is whole")}; free some space and run the same command again to continue from there.", e);
        }
    }

    /// <summary>The whole checkpoints of a directory, in the order of their steps.</summary>
    /// <exception cref="PursuitException">A checkpoint's own description can't be read.</exception>
    public static IReadOnlyList<TrainingCheckpoint> All(string directory)
    {
        if (!Directory.Exists(directory))
            return [];
        return [.. Directory.EnumerateDirectories(directory, StepPrefix + "*").Where(d => !d.EndsWith(Partial, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read)];
    }

    /// <summary>The newest whole checkpoint of a directory, or null.</summary>
    public static TrainingCheckpoint? Last(string directory) => All(directory) is [.., var last] ? last : null;

    /// <summary>Reads the weights and moments back.</summary>
    /// <exception cref="PursuitException">A file is missing or belongs to another model.</exception>
    public void Restore(ITrainedSet trained, AdamWOptimizer optimizer)
    {
        trained.Restore(FullPath);
        using var moments = SafetensorsFile.Open(Path.Combine(FullPath, OptimizerFileName));
        foreach (var parameter in optimizer.Parameters)
        {
            var values = new float[parameter.Length];
            moments.ReadSingle(FirstMomentPrefix + parameter.Name, values);
            optimizer.Operations.Write(values, parameter.In(optimizer.FirstMoment));
            moments.ReadSingle(SecondMomentPrefix + parameter.Name, values);
            optimizer.Operations.Write(values, parameter.In(optimizer.SecondMoment));
        }

        optimizer.Steps = checked((int)State.Step);
    }

    /// <summary>Deletes the checkpoint.</summary>
    public void Delete()
    {
        // Under another name first, so that a crash in the middle leaves no half checkpoint under a whole one's name.
        var doomed = FullPath + Partial;
        TryDelete(doomed);
        Directory.Move(FullPath, doomed);
        Directory.Delete(doomed, recursive: true);
    }

    private static TrainingCheckpoint Read(string directory)
    {
        var path = Path.Combine(directory, StateFileName);
        var state = JsonFile.Read<CheckpointState>(path, RunJson.Indented, "the state of a checkpoint that 'pursuit' wrote there", "Delete that directory to continue from the checkpoint before it.");
        return state.Format == CurrentFormat
            ? new TrainingCheckpoint(directory, state)
            : throw PursuitException.At(path, $"a checkpoint of format {state.Format}", $"format {CurrentFormat}", "It was made by another version of Pursuit; delete it or choose another --run.");
    }

    private static List<TensorToWrite> Moments(AdamWOptimizer optimizer)
    {
        var tensors = new List<TensorToWrite>();
        foreach (var (prefix, buffer) in new[] { (FirstMomentPrefix, optimizer.FirstMoment), (SecondMomentPrefix, optimizer.SecondMoment) })
        {
            foreach (var parameter in optimizer.Parameters)
            {
                tensors.Add(new TensorToWrite(prefix + parameter.Name, TensorType.Float32, [.. parameter.Shape.Select(size => (long)size)], (offset, destination) =>
                {
                    var part = MemoryMarshal.Cast<byte, float>(destination);
                    optimizer.Operations.Read(parameter.In(buffer).Part((int)(offset / sizeof(float)), part.Length), part);
                }));
            }
        }

        return tensors;
    }

    private static void TryDelete(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
