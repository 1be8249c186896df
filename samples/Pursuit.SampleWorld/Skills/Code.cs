using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Writing, completing and explaining small Python functions.</summary>
internal static class Code
{
    public static readonly Skill Write = new("code-write", "write or complete a small Python function from a description", 140, MakeWrite);
    public static readonly Skill Explain = new("code-explain", "say what a small Python function does", 110, MakeExplain);

    private static IReadOnlyList<Turn> MakeWrite(SeededRandom random)
    {
        var function = FunctionLibrary.Draw(random);
        var header = function.Code[..function.Code.IndexOf('\n', StringComparison.Ordinal)];
        var block = $"```python\n{function.Code}\n```";
        var example = random.Pick(
            $"For example, {function.Call} should return {function.Result}.", $"Example: {function.Call} -> {function.Result}");
        switch (random.NextInt(5))
        {
            case 0:
                return Talk.Once($"Complete this function so that it {function.Does}.\n```python\n{header}\n```\n{example}", block);
            case 1:
                return Talk.Once(
                    $"Write a Python function {function.Name} that {function.Does}.",
                    random.Chance(0.5) ? $"{block}\n`{function.Call}` returns `{function.Result}`." : block);
            case 2:
                return Talk.Under(
                    "You write short, plain Python. Answer with code only.",
                    $"I need a function {function.Name} that {function.Does}. {example}", block);
            case 3:
                return Talk.Exchanges(
                [
                    ($"Can you write {function.Name} in Python? It {function.Does}.", block),
                    (random.Pick($"What does {function.Call} give?", $"And what is {function.Call}?"), $"{function.Result}"),
                ]);
            default:
                return Talk.Once(
                    $"{random.Pick("Write", "Give me", "Please write")} a Python function named {function.Name} which "
                        + $"{function.Does}. {example}",
                    block);
        }
    }

    private static IReadOnlyList<Turn> MakeExplain(SeededRandom random)
    {
        var function = FunctionLibrary.Draw(random);
        var block = $"```python\n{function.Code}\n```";
        var question = random.Pick(
            "What does this function do?", "Explain this code in one sentence.", "Describe what the following function does.",
            "Summarise this function for a beginner.");
        return random.Chance(0.4)
            ? Talk.Once(
                $"{question} Give an example.\n{block}", $"It {function.Does}. For example, `{function.Call}` returns `{function.Result}`.")
            : Talk.Once($"{question}\n{block}", random.Pick($"It {function.Does}.", $"The function `{function.Name}` {function.Does}."));
    }
}
