using System.Globalization;
using Pursuit.Cli;
using Pursuit.Cli.Output;

if (SystemLibraries.Fault() is { } missing)
{
    SystemLibraries.Report(missing);
    return CommandLine.Failed;
}

// Numbers read and print the same everywhere; a run's files must not depend on the machine's language.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (DescriptorLimit.Fault() is { } fault)
{
    Terminal.Error(fault);
    return CommandLine.BadInput;
}

return CommandLine.Run(args);
