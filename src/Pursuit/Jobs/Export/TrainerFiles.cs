namespace Pursuit.Jobs.Export;

/// <summary>Where a trainer's files stand beside a file of records.</summary>
/// <param name="Name">What the records' file is called, without endings.</param>
/// <param name="DataPath">The data.</param>
/// <param name="ConfigurationPath">The trainer's configuration for it.</param>
internal sealed record TrainerFiles(string Name, string DataPath, string ConfigurationPath)
{
    /// <summary>The data's name without its directory.</summary>
    public string DataName => Path.GetFileName(DataPath);

    /// <summary>The trainer's word on the command line and in file names.</summary>
    public static string Word(TrainerFormat format) => format.ToString().ToLowerInvariant();

    /// <summary>The files of a trainer.</summary>
    /// <param name="recordsPath">The records' file.</param>
    /// <param name="format">The trainer.</param>
    public static TrainerFiles Beside(string recordsPath, TrainerFormat format) => new(
        Path.GetFileName(SelectionWriter.Stem(recordsPath)),
        SelectionWriter.Beside(recordsPath, $".{Word(format)}.jsonl"),
        format == TrainerFormat.LlamaFactory
            ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(recordsPath))!, "dataset_info.json")
            : SelectionWriter.Beside(recordsPath, $".{Word(format)}.yaml"));
}
