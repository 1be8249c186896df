using System.Text;

namespace Pursuit.Fuzz.Mutation;

/// <summary>Knows JSON: changes, removes, repeats, renames and moves the values of a tree, and writes what no writer would.</summary>
/// <param name="words">Names and values of the format, as JSON texts.</param>
internal sealed class JsonMutator(IReadOnlyList<string> words) : Mutator
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "255", "65536", "2147483647", "2147483648", "-2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e999", "-1e999", "1e-999", "-0.0",
        "2048.0", "0.5", "1e3", "NaN", "Infinity", "01", "\"\"", "\"\\udc00\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"\u202E\"",
        "\"\\ud800x\"", "[]", "{}", "[[]]", "[null]", "{\"\":null}", "{\"a\":1,\"a\":2}", "{\"\\udc00\":1}", "\"a\\nb\"",
        "\"../../etc/passwd\"", "\"@a\"",
    ];

    protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
    {
        if (JsonTree.Parse(input) is not { } root) return new ByteMutator(words).Mutate(random, input, other);
        var all = root.All().ToList();
        var node = Any(random, all);
        var parents = all.Where(n => n.Children.Count > 0).ToList();
        if (parents.Count == 0) node.Become(JsonTree.Leaf(Value(random)));
        else ChangeChild(random, Any(random, parents), node, other);
        return Encoding.UTF8.GetBytes(root.ToString());
    }

    private void ChangeChild(SeededRandom random, JsonTree parent, JsonTree node, byte[] other)
    {
        var at = random.NextInt(parent.Children.Count);
        var (name, child) = parent.Children[at];
        switch (random.NextInt(10))
        {
            case 0:
                parent.Children.RemoveAt(at);
                break;
            case 1:
                for (var times = 1 + random.NextInt(random.NextInt(10) == 0 ? 300 : 2); times > 0; times--)
                    parent.Children.Insert(at, (name, child));
                break;
            case 2 when name is not null:
                parent.Children[at] = (Any(random, parent.Children).Name ?? name, child); // twice, then
                break;
            case 3 when name is not null:
                parent.Children[at] = (random.NextInt(2) == 0 ? "\"\\udc00\"" : Word(random), child);
                break;
            case 4:
                child.Become(JsonTree.Leaf(new string('[', random.NextInt(200)) + Value(random)));
                break;
            case 5:
                child.Become(JsonTree.Leaf(
                    '"' + string.Concat(Enumerable.Repeat(random.NextInt(2) == 0 ? "a" : "\\u00e9 ", random.NextInt(3_000))) + '"'));
                break;
            case 6 when JsonTree.Parse(other) is { } tree:
                child.Become(Any(random, tree.All().ToList()));
                break;
            case 7 when !child.All().Contains(parent) && !node.All().Contains(child):
                child.Become(node);
                break;
            default:
                child.Become(JsonTree.Leaf(Value(random)));
                break;
        }
    }

    private string Value(SeededRandom random) => words.Count > 0 && random.NextInt(2) == 0 ? Any(random, words) : Any(random, Values);

    private string Word(SeededRandom random) => words.Count > 0 && Any(random, words) is ['"', ..] word ? word : "\"x\"";
}
