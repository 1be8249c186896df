using System.Globalization;
using Pursuit.Cli;

// Numbers read and print the same everywhere; a run's files must not depend on the machine's language.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return CommandLine.Run(args);
