namespace Pursuit.Formats.Parquet.Writing;

/// <summary>
/// How the entries of one column of a joined schema come from those of a schema that is part of it. A column that the part lacks has
/// entries all the same, which say where it is missing: those of another column of the innermost group that both have.
/// </summary>
internal sealed class LevelMap
{
    private readonly byte[] _definitions;

    private LevelMap(int source, bool hasValues, int mostRepetition, byte[] definitions) =>
        (Source, HasValues, MostRepetition, _definitions) = (source, hasValues, mostRepetition, definitions);

    /// <summary>The column of the part whose entries are taken.</summary>
    public int Source { get; }

    /// <summary>It is the column itself, with its values.</summary>
    public bool HasValues { get; }

    /// <summary>Entries that repeat deeper than this aren't taken.</summary>
    public int MostRepetition { get; }

    /// <summary>The maps of a joined schema's columns, in order.</summary>
    /// <param name="joined">The schema of all.</param>
    /// <param name="part">One of those that were joined.</param>
    public static LevelMap[] Of(TableSchema joined, TableSchema part)
    {
        var maps = new LevelMap[joined.Leaves.Count];
        Map(joined.Root, part.Root, null, [(part.Root, joined.Root)], maps);
        return maps;
    }

    /// <summary>The definition level in the joined schema.</summary>
    public int Definition(int definition) => _definitions[definition];

    private static void Map(
        SchemaNode joined, SchemaNode part, SchemaNode? parent, List<(SchemaNode Part, SchemaNode Joined)> path, LevelMap[] maps)
    {
        if (joined.IsLeaf)
        {
            maps[joined.FirstLeaf] = new LevelMap(part.FirstLeaf, true, part.Repetition, Definitions(path, part.Definition));
            return;
        }

        var isPositional = SchemaMerge.IsPositional(joined, parent);
        for (var i = 0; i < joined.Children.Count; i++)
        {
            var child = joined.Children[i];
            var own = isPositional ? part.Children[i] : part.Children.FirstOrDefault(c => c.Element.Name == child.Element.Name);
            if (own is not null)
            {
                path.Add((own, child));
                Map(child, own, joined, path, maps);
                path.RemoveAt(path.Count - 1);
                continue;
            }

            // The group's first column tells how often the group is there, and whether.
            var definitions = Definitions(path, MostDefinition(part));
            for (var leaf = child.FirstLeaf; leaf < child.FirstLeaf + child.LeafCount; leaf++)
                maps[leaf] = new LevelMap(part.FirstLeaf, false, part.Repetition, definitions);
        }
    }

    private static int MostDefinition(SchemaNode node)
    {
        while (!node.IsLeaf) node = node.Children[0];
        return node.Definition;
    }

    /// <summary>By the part's level, the joined level of the innermost node of a path that is there.</summary>
    private static byte[] Definitions(List<(SchemaNode Part, SchemaNode Joined)> path, int most)
    {
        var definitions = new byte[most + 1];
        for (var level = 0; level <= most; level++)
            definitions[level] = (byte)path.Last(nodes => nodes.Part.Definition <= level).Joined.Definition;
        return definitions;
    }
}
