using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet;

/// <summary>A part of a record: a column, or what is made of several. Writes its part of the row at which its columns stand.</summary>
internal abstract class ParquetNode(string name)
{
    public string Name { get; } = name;

    /// <summary>The name as a key of JSON.</summary>
    public byte[] Key { get; } = Names.KeyOf(name);

    /// <summary>The definition level from which on it isn't null.</summary>
    public int Definition { get; init; }

    /// <summary>Its columns; one at least.</summary>
    public abstract IReadOnlyList<ParquetLeaf> Leaves { get; }

    /// <summary>Its type for messages.</summary>
    public abstract string Type { get; }

    /// <summary>Writes its next value, and moves its columns on.</summary>
    public void Write(JsonRow row)
    {
        if (Leaves[0].Reader!.Definition < Definition)
        {
            row.Null();
            Pass();
            return;
        }

        WriteValue(row);
    }

    protected abstract void WriteValue(JsonRow row);

    /// <summary>Moves its columns on by the one entry that stands for a null or an empty list.</summary>
    protected void Pass()
    {
        foreach (var leaf in Leaves) leaf.Reader!.Advance();
    }

    /// <summary>No further element of a list begins here.</summary>
    protected bool Ends(int repetition) => Leaves[0].Reader is var first && (first!.IsAtEnd || first.Repetition < repetition);
}

/// <summary>A record or a struct.</summary>
internal sealed class ParquetStruct(string name, IReadOnlyList<ParquetNode> fields) : ParquetNode(name)
{
    public IReadOnlyList<ParquetNode> Fields => fields;

    public override IReadOnlyList<ParquetLeaf> Leaves { get; } = [.. fields.SelectMany(f => f.Leaves)];

    public override string Type => $"struct<{Names.Describe(fields.Select(f => (f.Name, f.Type)))}>";

    protected override void WriteValue(JsonRow row)
    {
        row.Raw((byte)'{');
        for (var i = 0; i < fields.Count; i++)
        {
            if (i > 0) row.Raw((byte)',');
            row.Raw(fields[i].Key);
            fields[i].Write(row);
        }

        row.Raw((byte)'}');
    }
}

/// <summary>A list.</summary>
internal sealed class ParquetList(string name, ParquetNode element, int elementDefinition, int repetition) : ParquetNode(name)
{
    public override IReadOnlyList<ParquetLeaf> Leaves => element.Leaves;

    public override string Type => $"list<{element.Type}>";

    protected override void WriteValue(JsonRow row)
    {
        row.Raw((byte)'[');
        if (Leaves[0].Reader!.Definition < elementDefinition)
        {
            Pass();
        }
        else
        {
            element.Write(row);
            while (!Ends(repetition))
            {
                row.Raw((byte)',');
                element.Write(row);
            }
        }

        row.Raw((byte)']');
    }
}

/// <summary>A map: an object of JSON, since keys are nearly always texts.</summary>
internal sealed class ParquetMap(string name, ParquetLeaf key, ParquetNode value, int entryDefinition, int repetition) : ParquetNode(name)
{
    public override IReadOnlyList<ParquetLeaf> Leaves { get; } = [key, .. value.Leaves];

    public override string Type => $"map<{key.Type}, {value.Type}>";

    protected override void WriteValue(JsonRow row)
    {
        row.Raw((byte)'{');
        if (Leaves[0].Reader!.Definition < entryDefinition)
        {
            Pass();
        }
        else
        {
            WriteEntry(row);
            while (!Ends(repetition))
            {
                row.Raw((byte)',');
                WriteEntry(row);
            }
        }

        row.Raw((byte)'}');
    }

    private void WriteEntry(JsonRow row)
    {
        var isBare = !key.IsQuoted || key.Reader!.Definition < key.Definition;
        if (isBare) row.Raw((byte)'"');
        key.Write(row);
        if (isBare) row.Raw((byte)'"');
        row.Raw((byte)':');
        value.Write(row);
    }
}
