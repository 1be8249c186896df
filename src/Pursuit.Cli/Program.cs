using System.Globalization;
using Pursuit.Cli;
using Pursuit.Cli.Output;

// Numbers read and print the same everywhere; a run's files must not depend on the machine's language.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (DescriptorLimit.Fault() is { } fault)
{
    Terminal.Error(fault);
    return 2;
}

return CommandLine.Run(args);
