using System.Security.Cryptography;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>A table's schema as it is stored: the columns with their annotations, and what the writer said of the whole.</summary>
internal sealed class TableSchema
{
    private const string RootName = "schema";

    /// <param name="fields">The columns of a record.</param>
    /// <param name="metadata">Words of the writer's, such as those of datasets and pandas.</param>
    public TableSchema(IReadOnlyList<SchemaNode> fields, IReadOnlyList<KeyValuePair<string, string?>>? metadata = null)
    {
        // Nodes of its own: they are numbered by the tree that they are in.
        Root = new SchemaNode(new SchemaElement { Name = RootName }, [.. fields.Select(field => field.Copy())]);
        Metadata = metadata ?? [];
        var leaves = new List<SchemaNode>();
        Root.Number(leaves);
        Leaves = leaves;
    }

    public SchemaNode Root { get; }

    public IReadOnlyList<SchemaNode> Leaves { get; }

    public IReadOnlyList<KeyValuePair<string, string?>> Metadata { get; }

    /// <summary>That of a file that was read.</summary>
    /// <param name="metadata">Its footer, whose schema was found to be whole.</param>
    public static TableSchema Of(ParquetMetadata metadata)
    {
        var next = 1;
        var fields = new List<SchemaNode>();
        while (next < metadata.Schema.Count) fields.Add(Take());
        return new TableSchema(fields, metadata.KeyValues);

        SchemaNode Take()
        {
            var element = metadata.Schema[next++];
            var children = new List<SchemaNode>();
            if (element.Type is null)
            {
                for (var i = 0; i < element.ChildCount; i++) children.Add(Take());
            }

            return new SchemaNode(element, children);
        }
    }

    /// <summary>Writes it as a footer has it: all nodes in depth-first order.</summary>
    public void Write(ThriftWriter thrift, short field)
    {
        thrift.List(field, ThriftType.Struct, Count(Root));
        Write(thrift, Root);
    }

    /// <summary>What is the same for schemas that are the same, but for what their writers said of the whole.</summary>
    public string Key()
    {
        var bytes = new ByteBuffer();
        var thrift = new ThriftWriter(bytes);
        thrift.BeginStruct();
        Write(thrift, 1);
        thrift.EndStruct();
        return Convert.ToHexString(SHA256.HashData(bytes.Written));
    }

    private static int Count(SchemaNode node) => 1 + node.Children.Sum(Count);

    private void Write(ThriftWriter thrift, SchemaNode node)
    {
        node.Element.Write(thrift, isRoot: node == Root, node.Children.Count);
        foreach (var child in node.Children) Write(thrift, child);
    }
}
