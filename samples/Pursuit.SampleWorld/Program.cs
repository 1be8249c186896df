using Pursuit;
using Pursuit.SampleWorld;

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: Pursuit.SampleWorld FOLDER   (writes pool.jsonl, marks.jsonl, targets/ and README.md there)");
    return 2;
}

try
{
    var world = World.Build();
    WorldWriter.Write(world, args[0]);
    Console.Error.WriteLine($"{args[0]}: {world.Pool.Count} records of {Catalogue.Skills.Count} skills, {world.Marks.Count} of them "
        + $"marked; {world.Targets.Count} targets.");
    return 0;
}
catch (PursuitException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
