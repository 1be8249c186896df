using System.Text.Json;
using Pursuit.Data.Tables;
using Pursuit.Selection;

namespace Pursuit.Jobs.Export;

/// <summary>A field that a selected record gets beside its own.</summary>
/// <param name="Fact">What it tells: weight, rank or score.</param>
/// <param name="Name">What it is called.</param>
internal sealed record AddedField(string Fact, string Name)
{
    private const string Weight = "weight";
    private const string Rank = "rank";
    private const string Score = "score";

    /// <summary>What may be added.</summary>
    public static IReadOnlyList<string> Facts { get; } = [Weight, Rank, Score];

    /// <summary>The column of a table.</summary>
    public TableColumn Column => new(Name, Fact == Rank ? ColumnKind.Integer : ColumnKind.Number, IsRequired: Fact != Score);

    /// <summary>Reads fields as they are asked for: "weight", or "weight=NAME".</summary>
    /// <param name="words">What was asked for.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static IReadOnlyList<AddedField> Parse(IReadOnlyList<string> words, List<Fault> faults)
    {
        var fields = new List<AddedField>();
        foreach (var word in words)
        {
            var (fact, name) = word.Split('=', 2) is [var before, var after] ? (before, after) : (word, word);
            if (!Facts.Contains(fact) || name.Length == 0)
                faults.Add(Fault.OfOption(
                    ApiName.With, $"'{word}'", $"some of {string.Join(", ", Facts)}, each with =NAME for another name"));
            else if (fields.Exists(f => f.Name == name))
                faults.Add(Fault.OfOption(ApiName.With, $"'{name}' twice", "a name for each"));
            else
                fields.Add(new AddedField(fact, name));
        }

        return fields;
    }

    /// <summary>Writes the field of an open object.</summary>
    /// <param name="json">The object.</param>
    /// <param name="row">The selected record.</param>
    /// <param name="rank">1 is the best.</param>
    public void Write(Utf8JsonWriter json, RankedRow row, int rank)
    {
        var value = Fact == Weight ? row.Weight : row.Score;
        if (Fact == Rank) json.WriteNumber(Name, rank);
        else if (double.IsFinite(value)) json.WriteNumber(Name, value);
        else json.WriteNull(Name);
    }
}
