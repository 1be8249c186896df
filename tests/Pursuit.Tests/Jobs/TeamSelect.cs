using System.Security.Cryptography;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>A selection by several processes, which threads play.</summary>
internal static class TeamSelect
{
    /// <summary>Selects in a new run, and takes the run away again.</summary>
    /// <returns>The digest of every file of the selection but those that tell times, by name.</returns>
    public static SortedDictionary<string, string> Files(SelectJobOptions options, int processes, out SelectSummary summary)
    {
        summary = ProcessThreads.Run(processes, First, Other);
        string[] names =
        [
            options.Out, Path.ChangeExtension(options.Out, ".selection.jsonl"),
            .. Directory.EnumerateFiles(Path.Combine(options.RunPath, "stages", "selection")),
        ];
        var files = new SortedDictionary<string, string>(
            names.ToDictionary(n => Path.GetFileName(n), n => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(n)))));
        Directory.Delete(options.RunPath, recursive: true);
        return files;

        SelectSummary First(IProcessGroup group)
        {
            using var run = RunDirectory.Open(options.RunPath);
            return new SelectJob(options, null) { Group = group }.Run(run, CancellationToken.None);
        }

        void Other(IProcessGroup group)
        {
            using var run = RunDirectory.Join(options.RunPath);
            new SelectJob(options, null) { Group = group }.Assist(run, CancellationToken.None);
        }
    }
}
