using Pursuit.TestKit.Architecture;

namespace Pursuit.Benchmarks;

/// <summary>Prints the structure of a build: the arrows among its namespaces, its circles and its public types. Not a timing.</summary>
internal static class ArrowsReport
{
    private static readonly string[] Assemblies = ["Pursuit", "Pursuit.Engine", "Pursuit.Formats", "Pursuit.Mpi", "Pursuit.Cli"];

    /// <summary>Prints a Markdown table for each assembly in a directory.</summary>
    /// <param name="arguments">The directory with the built assemblies; this program's own where none is given.</param>
    public static int Run(string[] arguments)
    {
        var directory = arguments.FirstOrDefault() ?? AppContext.BaseDirectory;
        foreach (var name in Assemblies)
        {
            var path = Path.Combine(directory, name + ".dll");
            if (!File.Exists(path)) continue;
            var arrows = AssemblyReader.ArrowsOf(path);
            // The engine's and the program's rooms are one name deeper than the library's.
            var rooms = new NamespaceArrows(arrows, name == "Pursuit" ? 2 : 3);
            Console.WriteLine($"## {name}");
            Console.WriteLine();
            Console.WriteLine($"{AssemblyReader.PublicTypesOf(path).Count} public types; {arrows.Count} type arrows; "
                + $"{rooms.All.Count()} arrows among namespaces");
            foreach (var circle in rooms.Circles()) Console.WriteLine($"- circle of {circle.Count}: {string.Join(", ", circle)}");
            if (name == "Pursuit")
            {
                var selection = arrows.Where(a => InSelection(a.From) && InSelection(a.To));
                foreach (var circle in new NamespaceArrows(selection, 9).Circles())
                    Console.WriteLine($"- circle of {circle.Count} inside Selection: {string.Join(", ", circle)}");
            }

            Console.WriteLine();
            Console.WriteLine("| from | to | type arrows |");
            Console.WriteLine("|---|---|---|");
            foreach (var (from, to, count) in rooms.All) Console.WriteLine($"| {from} | {to} | {count} |");
            Console.WriteLine();
        }

        return 0;
    }

    private static bool InSelection(string type) => type.StartsWith("Pursuit.Selection.", StringComparison.Ordinal);
}
