using System.Text;

namespace Pursuit.Fuzz.Mutation;

/// <summary>Knows lines: repeats, removes, swaps, indents and joins them, and takes some of another input.</summary>
internal sealed class LineMutator : Mutator
{
    protected override byte[] Change(SeededRandom random, byte[] input, byte[] other)
    {
        // Latin-1 keeps every byte, be it text or not.
        var lines = Encoding.Latin1.GetString(input).Split('\n').ToList();
        var at = random.NextInt(lines.Count);
        switch (random.NextInt(6))
        {
            case 0:
                lines.Insert(at, lines[random.NextInt(lines.Count)]);
                break;
            case 1:
                lines.RemoveAt(at);
                break;
            case 2:
                var second = random.NextInt(lines.Count);
                (lines[at], lines[second]) = (lines[second], lines[at]);
                break;
            case 3:
                lines[at] = new string(' ', random.NextInt(random.NextInt(10) == 0 ? 1_000 : 6)) + lines[at].TrimStart();
                break;
            case 4 when at + 1 < lines.Count:
                lines[at] += lines[at + 1];
                lines.RemoveAt(at + 1);
                break;
            default:
                lines.Insert(at, Any(random, Encoding.Latin1.GetString(other).Split('\n')));
                break;
        }

        return Encoding.Latin1.GetBytes(string.Join('\n', lines));
    }
}
