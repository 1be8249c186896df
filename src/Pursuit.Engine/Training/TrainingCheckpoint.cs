using System.Globalization;
using System.Runtime.InteropServices;
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
/// <param name="Curve">The loss curve up to this step.</param>
internal sealed record CheckpointState(
    int Format,
    string Fingerprint,
    long Step,
    int? Epoch,
    double MeanLearningRate,
    long Tokens,
    float Beta1,
    float Beta2,
    float Epsilon,
    FileSeal Curve)
{
    /// <summary>The checkpoint's other files by name.</summary>
    public IReadOnlyDictionary<string, FileSeal> Files { get; init; } = new Dictionary<string, FileSeal>();
}

/// <summary>
/// A training's whole state in a directory: the weights in float32 as a model directory (<c>model.safetensors</c>,
/// <c>config.json</c>), AdamW's moments (<c>optimizer.safetensors</c>, each tensor's name behind <c>exp_avg.</c> and
/// <c>exp_avg_sq.</c>), and <c>checkpoint.json</c>, which has the others' lengths and sums. The directory gets its name when everything
/// in it is on disk.
/// </summary>
internal sealed class TrainingCheckpoint
{
    /// <summary>The file that holds a <see cref="CheckpointState"/>.</summary>
    public const string StateFileName = "checkpoint.json";

    /// <summary>The file that holds AdamW's moments.</summary>
    public const string OptimizerFileName = "optimizer.safetensors";

    /// <summary>Before a tensor's name: its first moment.</summary>
    public const string FirstMomentPrefix = "exp_avg.";

    /// <summary>Before a tensor's name: its second moment.</summary>
    public const string SecondMomentPrefix = "exp_avg_sq.";

    internal const int CurrentFormat = 2;
    private const string StepPrefix = "step-";

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
    /// <exception cref="PursuitException">
    /// The disk is full or the directory can't be written; earlier checkpoints stay as they are.
    /// </exception>
    public static TrainingCheckpoint Write(string directory, CheckpointState state, ITrainedSet trained, AdamWOptimizer optimizer)
    {
        var final = Path.Combine(Path.GetFullPath(directory), StepPrefix + state.Step.ToString("D8", CultureInfo.InvariantCulture));
        var partial = final + Disk.PartialEnding;
        try
        {
            Disk.DeleteDirectory(partial);
            trained.Save(partial);
            SafetensorsWriter.Write(Path.Combine(partial, OptimizerFileName), Moments(optimizer));
            state = state with { Files = Directory.EnumerateFiles(partial).ToDictionary(path => Path.GetFileName(path), FileSeal.Of) };
            SealedJson.Write(Path.Combine(partial, StateFileName), state);
            Disk.DeleteDirectory(final);
            Disk.RenameDirectory(partial, final);
            return new TrainingCheckpoint(final, state);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PursuitException)
        {
            Disk.DeleteDirectory(partial);
            var last = Last(directory)?.FullPath;
            var cause = (e as PursuitException)?.InnerException ?? e;
            throw PursuitException.At(
                final,
                $"the checkpoint of step {state.Step:N0} couldn't be written ({cause.Message.TrimEnd('.')})",
                "a writable directory with free space",
                $"{(last is null ? "No earlier checkpoint exists" : $"The checkpoint before it, {Path.GetFileName(last)}, is whole")}; "
                    + "free some space and run the same command again to continue from there.", e);
        }
    }

    /// <summary>The whole checkpoints of a directory, in the order of their steps.</summary>
    /// <exception cref="PursuitException">A checkpoint's own description can't be read.</exception>
    public static IReadOnlyList<TrainingCheckpoint> All(string directory)
    {
        return [.. Directories(directory).Select(Read)];
    }

    /// <summary>
    /// Deletes the first checkpoint of a directory that can't be trusted, and all behind it, so that a training goes on before the damage.
    /// </summary>
    /// <param name="directory">The directory of all checkpoints.</param>
    /// <param name="curve">The training's loss curve.</param>
    /// <param name="fingerprint">What the training depends on.</param>
    /// <param name="always">Steps whose checkpoints are always kept: one of them that is missing is damage too.</param>
    /// <param name="onDamage">Told what was found.</param>
    public static void DropDamaged(string directory, string curve, string fingerprint, IReadOnlyList<long> always, Action<string> onDamage)
    {
        var (before, drops) = (0L, false);
        foreach (var path in Directories(directory).ToArray())
        {
            if (!drops && FaultIn(path, curve, fingerprint, before, always) is { } fault)
            {
                onDamage(fault);
                drops = true;
            }

            if (drops) Disk.DeleteDirectory(path);
            else before = Read(path).State.Step;
        }
    }

    /// <summary>The newest whole checkpoint of a directory, or null.</summary>
    public static TrainingCheckpoint? Last(string directory) => All(directory) is [.., var last] ? last : null;

    /// <summary>
    /// What isn't as it was written of the checkpoint and the training's loss curve: where, found and expected in a sentence; null where
    /// all is.
    /// </summary>
    /// <param name="curve">The loss curve.</param>
    public string? FaultOf(string curve)
    {
        foreach (var (name, seal) in State.Files)
        {
            var path = Path.Combine(FullPath, name);
            if (seal.FaultOf(path) is { } fault) return $"{path}: {fault}; expected {seal}, as written.";
        }

        try
        {
            var found = FileSeal.OfBeginning(curve, State.Curve.Length);
            return found == State.Curve ? null : $"{curve}: {found} up to step {State.Step:N0}; expected {State.Curve}, as written.";
        }
        catch (PursuitException e)
        {
            return e.Message;
        }
    }

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
    public void Delete() => Disk.DeleteDirectory(FullPath);

    private static TrainingCheckpoint Read(string directory)
    {
        var path = Path.Combine(directory, StateFileName);
        var state = SealedJson.Read<CheckpointState>(
            path,
            "the description of a checkpoint",
            $"Delete that directory to continue from the checkpoint before it, or choose another {ApiName.Run}.");
        return state.Format == CurrentFormat
            ? new TrainingCheckpoint(directory, state)
            : throw PursuitException.At(
                path,
                $"a checkpoint of format {state.Format}",
                $"format {CurrentFormat}",
                $"Another version of Pursuit made it; delete it or choose another {ApiName.Run}.");
    }

    private static IEnumerable<string> Directories(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateDirectories(directory, StepPrefix + "*").Where(
            d => !d.EndsWith(Disk.PartialEnding, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        : [];

    /// <summary>Why a checkpoint can't be gone on from; null where it can.</summary>
    private static string? FaultIn(string path, string curve, string fingerprint, long before, IReadOnlyList<long> always)
    {
        try
        {
            var checkpoint = Read(path);
            if (checkpoint.State.Fingerprint != fingerprint)
                return $"{path}: a checkpoint of another training; expected one of the same data, options and start.";
            var missing = always.FirstOrDefault(step => step > before && step < checkpoint.State.Step);
            return missing > 0
                ? $"{Path.GetDirectoryName(path)}: no checkpoint of step {missing:N0}; expected one before that of step "
                    + $"{checkpoint.State.Step:N0}."
                : checkpoint.FaultOf(curve);
        }
        catch (PursuitException e)
        {
            return e.Message;
        }
    }

    private static List<TensorToWrite> Moments(AdamWOptimizer optimizer)
    {
        var tensors = new List<TensorToWrite>();
        foreach (var (prefix, buffer) in new[] { (FirstMomentPrefix, optimizer.FirstMoment), (SecondMomentPrefix, optimizer.SecondMoment) })
        {
            foreach (var parameter in optimizer.Parameters)
            {
                long[] shape = [.. parameter.Shape.Select(size => (long)size)];
                tensors.Add(new TensorToWrite(prefix + parameter.Name, TensorType.Float32, shape, (offset, destination) =>
                {
                    var part = MemoryMarshal.Cast<byte, float>(destination);
                    optimizer.Operations.Read(parameter.In(buffer).Part((int)(offset / sizeof(float)), part.Length), part);
                }));
            }
        }

        return tensors;
    }
}
