using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Cli.Output;

/// <summary>Prints the audit of examples as the model will see them, before any compute.</summary>
internal static class AuditPrinter
{
    public static void Print(AuditReport report)
    {
        Terminal.Line();
        Terminal.Lines(AuditText.Render(report));
    }
}
