using Pursuit.Data;

namespace Pursuit.Jobs;

/// <summary>What an example says, as methods that read texts and data probes take it.</summary>
internal static class ExampleText
{
    /// <summary>A text as it stands; of a conversation the turns' contents, line after line, without roles and tool calls.</summary>
    public static string Of(Example example) => example.Text ?? string.Join('\n', example.Turns.Select(t => t.Content));
}
