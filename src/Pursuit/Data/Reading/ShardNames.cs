using System.Globalization;
using System.Text.RegularExpressions;

namespace Pursuit.Data.Reading;

/// <summary>The names of files that are parts of one whole, as the hub has them: <c>train-00000-of-00008.parquet</c>.</summary>
internal static partial class ShardNames
{
    private const int MostParts = 99_999;
    private const int Named = 3;

    /// <summary>The name before the number, the number and how many there are, and the ending; null for any other name.</summary>
    public static (string Stem, int Number, int Count, string Ending)? Of(string file)
    {
        var match = Pattern().Match(Path.GetFileName(file));
        return match.Success
            ? (match.Groups[1].Value, Number(match.Groups[2]), Number(match.Groups[3]), match.Groups[4].Value)
            : null;

        static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Refuses a directory in which some parts of a whole are missing: half of a data set is not what was meant.</summary>
    /// <param name="directory">What was named, for the message.</param>
    /// <param name="files">The files that are read of it.</param>
    /// <exception cref="PursuitException">Names the missing parts.</exception>
    public static void RequireAll(string directory, IEnumerable<string> files)
    {
        var wholes = files.Select(f => (File: f, Part: Of(f))).Where(f => f.Part is { Count: > 0 and <= MostParts })
            .GroupBy(f => (Folder: Path.GetDirectoryName(f.File), f.Part!.Value.Stem, f.Part.Value.Count, f.Part.Value.Ending));
        foreach (var whole in wholes)
        {
            var there = whole.Select(f => f.Part!.Value.Number).ToHashSet();
            var missing = Enumerable.Range(0, whole.Key.Count).Where(n => !there.Contains(n)).ToArray();
            if (missing.Length == 0) continue;
            var (_, stem, count, ending) = whole.Key;
            var names = missing.Take(Named)
                .Select(n => string.Create(CultureInfo.InvariantCulture, $"{stem}-{n:00000}-of-{count:00000}{ending}"));
            throw PursuitException.At(
                directory,
                FormattableString.Invariant($"{missing.Length:N0} of {whole.Key.Count:N0} parts are missing: ")
                    + $"{string.Join(", ", names)}{(missing.Length > Named ? ", ..." : "")}",
                "all parts of a data set", "Download the others, or name those that are there one by one or by a glob.");
        }
    }

    [GeneratedRegex(@"^(.+)-(\d{5})-of-(\d{5})((?:-[0-9a-f]{16})?(?:\.\w+)+)$")]
    private static partial Regex Pattern();
}
