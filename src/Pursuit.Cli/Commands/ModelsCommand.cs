using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Engine.Models;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit models</c>: lists the families of models that the decoder computes.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new ToolCommand("models", "Lists the families of models that can be used, and what of each is computed.")
        {
            Example = "models",
        };
        command.Add(json);
        command.Action = JobAction.Answer((parsed, _) => Run(parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool json)
    {
        if (json)
        {
            Terminal.Json(ModelFamilyTable.Rows.Select(r => ModelFamilyTable.Columns.Zip(r).ToDictionary(c => c.First, c => c.Second)));
            return CommandLine.Done;
        }

        Terminal.Table(Terminal.ForResult, ModelFamilyTable.Columns, ModelFamilyTable.Rows, leftColumns: ModelFamilyTable.Columns.Count);
        return CommandLine.Done;
    }
}
