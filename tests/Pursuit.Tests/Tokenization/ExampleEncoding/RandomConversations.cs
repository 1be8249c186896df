using Pursuit.Data;
using Pursuit.Tests.Tokenization.ChatTemplates;

namespace Pursuit.Tests.Tokenization.ExampleEncoding;

/// <summary>Conversations of a seeded stream, with words at whose edges tokens merge.</summary>
internal static class RandomConversations
{
    private static readonly string[] Words =
        [
            "a", "ab", " a", "a ", "b.", ".", "\n", "\na", "é", "你好", "😀", "the", "{{ x }}", "\\n", "assistant", "user", "[INST]",
            "<|user|>", "  ", "\t",
        ];

    public static string Text(SeededRandom random, int most)
    {
        var text = "";
        for (var i = 1 + random.NextInt(most); i > 0; i--) text += Words[random.NextInt(Words.Length)];
        return text;
    }

    /// <summary>User and assistant in turns, an answer last; every answer says something.</summary>
    public static Example Next(SeededRandom random, bool system = true)
    {
        var turns = new List<Turn>();
        if (system && random.NextInt(3) == 0) turns.Add(new Turn(Turn.System, Text(random, 8)));
        for (var i = 1 + random.NextInt(3); i > 0; i--)
        {
            turns.Add(new Turn(Turn.User, Text(random, 20)));
            // The answer often repeats the question, so that a search for its words would find the wrong ones.
            turns.Add(new Turn(Turn.Assistant, random.NextInt(3) == 0 ? turns[^1].Content + "x" : Text(random, 12) + "x"));
        }

        return TemplateFixtures.Make([.. turns]);
    }
}
