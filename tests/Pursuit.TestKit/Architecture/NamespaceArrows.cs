namespace Pursuit.TestKit.Architecture;

/// <summary>
/// The arrows among namespaces, taken together to a depth: at 2, <c>Pursuit.Data.Json</c> is a part of <c>Pursuit.Data</c>.
/// </summary>
internal sealed class NamespaceArrows
{
    private readonly Dictionary<(string From, string To), List<Arrow>> _arrows = [];
    private readonly Func<string, string> _room;

    /// <summary>Gathers type arrows.</summary>
    /// <param name="arrows">The arrows among types.</param>
    /// <param name="depth">How many names of a namespace count.</param>
    /// <param name="together">Rooms that count as another, as those that may know each other do.</param>
    public NamespaceArrows(IEnumerable<Arrow> arrows, int depth, IReadOnlyDictionary<string, string>? together = null)
    {
        _room = ns =>
            string.Join('.', ns.Split('.').Take(depth)) is var name && together?.GetValueOrDefault(name) is { } other ? other : name;
        foreach (var arrow in arrows)
        {
            var (from, to) = (_room(Arrow.NamespaceOf(arrow.From)), _room(Arrow.NamespaceOf(arrow.To)));
            if (from == to) continue;
            if (!_arrows.TryGetValue((from, to), out var list)) _arrows[(from, to)] = list = [];
            list.Add(arrow);
        }
    }

    /// <summary>Every arrow with the number of type arrows behind it, by name.</summary>
    public IEnumerable<(string From, string To, int Count)> All =>
        _arrows.Select(a => (a.Key.From, a.Key.To, a.Value.Count)).OrderBy(a => a.From, StringComparer.Ordinal)
            .ThenBy(a => a.To, StringComparer.Ordinal);

    /// <summary>The type arrows behind one arrow.</summary>
    public IReadOnlyList<Arrow> Between(string from, string to) => _arrows.GetValueOrDefault((from, to)) ?? [];

    /// <summary>
    /// The rooms that reach themselves through others, each circle once: the strongly connected parts with more than one room.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Circles()
    {
        var rooms = _arrows.Keys.SelectMany(k => new[] { k.From, k.To }).Distinct().Order(StringComparer.Ordinal).ToArray();
        var reach = rooms.ToDictionary(r => r, ReachedFrom);
        var circles = new List<IReadOnlyList<string>>();
        var placed = new HashSet<string>();
        foreach (var room in rooms.Where(r => reach[r].Contains(r) && !placed.Contains(r)))
        {
            string[] circle = [.. rooms.Where(o => reach[room].Contains(o) && reach[o].Contains(room))];
            placed.UnionWith(circle);
            circles.Add(circle);
        }

        return circles;
    }

    /// <summary>The type arrows that run from a room to one above it.</summary>
    /// <param name="order">The rooms from the ground up.</param>
    /// <exception cref="ArgumentException">A room is missing in the order: every room has its floor.</exception>
    public IReadOnlyList<Arrow> Upward(IReadOnlyList<string> order)
    {
        var floor = order.Index().ToDictionary(r => r.Item, r => r.Index);
        var unknown = _arrows.Keys.SelectMany(k => new[] { k.From, k.To }).Where(r => !floor.ContainsKey(r)).Distinct().ToArray();
        if (unknown.Length > 0) throw new ArgumentException($"No floor is given for {string.Join(", ", unknown)}.", nameof(order));
        return [.. _arrows.Where(a => floor[a.Key.From] < floor[a.Key.To]).SelectMany(a => a.Value)];
    }

    private HashSet<string> ReachedFrom(string room)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>([room]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (from, to) in _arrows.Keys)
            {
                if (from == next && reached.Add(to)) open.Enqueue(to);
            }
        }

        return reached;
    }
}
