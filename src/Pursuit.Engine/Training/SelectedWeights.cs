using System.Text;
using Pursuit.Jobs.Export;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Training;

/// <summary>The weights and repeats of a <c>.selection.jsonl</c> by content id.</summary>
internal sealed class SelectedWeights
{
    private const string FileAdvice = $"Give the file that {ApiName.SelectJob} writes beside its records.";

    private readonly string _path;
    private readonly Dictionary<ContentId, (double Weight, int Repeats)> _facts;

    private SelectedWeights(string path, Dictionary<ContentId, (double Weight, int Repeats)> facts) => (_path, _facts) = (path, facts);

    /// <summary>Reads a file.</summary>
    /// <exception cref="PursuitException">It can't be read, or a line isn't a selected record with a usable weight.</exception>
    public static SelectedWeights Read(string path)
    {
        var facts = new Dictionary<ContentId, (double Weight, int Repeats)>();
        var line = 0;
        try
        {
            foreach (var text in FactsFile.Lines(path))
            {
                line++;
                var fact = JsonFile.Read<Fact>(
                    Encoding.UTF8.GetBytes(text), $"{path}, line {line}", RunJson.Compact, "a line of a .selection.jsonl", FileAdvice);
                if (!(fact.Weight >= 0) || !double.IsFinite(fact.Weight) || fact.Repeats < 0)
                    throw PursuitException.At(
                        $"{path}, line {line}",
                        FormattableString.Invariant($"weight {fact.Weight} and {fact.Repeats} repeats"),
                        "numbers from 0 on");
                facts[ContentId.Parse(fact.ContentId ?? throw new FormatException("it has no content_id"))] = (fact.Weight, fact.Repeats);
            }
        }
        catch (FormatException e)
        {
            throw PursuitException.At(
                $"{path}, line {line}", $"not a selected record ({e.Message})", "a line of a .selection.jsonl", FileAdvice, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", "a .selection.jsonl", null, e);
        }

        return new SelectedWeights(path, facts);
    }

    /// <summary>An example's weight and repeats.</summary>
    /// <exception cref="PursuitException">The selection doesn't hold the example.</exception>
    public (float Weight, int Repeats) Find(ContentId id, string place, SelectionUse use)
    {
        if (!_facts.TryGetValue(id, out var fact))
            throw PursuitException.At(
                place,
                $"an example (content id {id}) that isn't among the {_facts.Count:N0} of {_path}",
                "the records of that selection",
                "Give the .selection.jsonl that belongs to the data.");
        return use == SelectionUse.Weights ? ((float)fact.Weight, 1) : (1, fact.Repeats);
    }

    private sealed record Fact(string? ContentId, double Weight = 1, int Repeats = 1);
}
