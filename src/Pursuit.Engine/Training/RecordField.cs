using Pursuit.Data;

namespace Pursuit.Engine.Training;

/// <summary>A top-level text field of each record, such as its source or domain.</summary>
internal static class RecordField
{
    /// <summary>What a record without the field counts as.</summary>
    public const string Missing = "(none)";

    /// <summary>Looked for where no field is named, in this order.</summary>
    private static readonly string[] Usual = ["domain", "source"];

    /// <summary>Reads a field of every example of a pool.</summary>
    /// <param name="pool">The examples.</param>
    /// <param name="field">The field; null: "domain" or "source", whichever the records have.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <returns>Each example's value, or null where no field was named and none of the usual ones is there.</returns>
    /// <exception cref="PursuitException">A field was named that no record has.</exception>
    public static IReadOnlyList<string>? Read(Pool pool, string? field, CancellationToken cancellationToken)
    {
        foreach (var name in field is null ? Usual : [field])
        {
            var values = pool.ReadField(name, cancellationToken).ToList();
            if (values.Exists(v => v is not null))
                return [.. values.Select(v => v ?? Missing)];
        }

        return field is null
            ? null
            : throw PursuitException.At(
                "held-out data",
                $"no record with a text field '{field}'",
                "a top-level field whose value is a text",
                "Name another field or leave the option away.");
    }
}
