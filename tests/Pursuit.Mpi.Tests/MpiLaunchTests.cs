namespace Pursuit.Mpi.Tests;

/// <summary>What launchers tell a process, and what becomes of it without Open MPI.</summary>
public sealed class MpiLaunchTests
{
    [Fact]
    public void A_process_started_alone_has_no_launch()
    {
        Read().ShouldBeNull();
        Read(("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")).ShouldBeNull();
        Read(("PMI_SIZE", "1")).ShouldBeNull();
        // A task of a Slurm array, and of a job of many tasks that none of MPI's starters started.
        Read(("SLURM_NTASKS", "1"), ("SLURM_ARRAY_TASK_ID", "3")).ShouldBeNull();
        Read(("SLURM_NTASKS", "8"), ("SLURM_PROCID", "3")).ShouldBeNull();
    }

    [Fact]
    public void Each_launcher_tells_the_processes_and_the_rank()
    {
        Read(("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_LOCAL_SIZE", "2"))
            .ShouldBe(new MpiLaunch(4, 2, 2, "mpirun"));
        Read(("PMIX_RANK", "5"), ("SLURM_NTASKS", "8")).ShouldBe(new MpiLaunch(8, 5, 1, "srun"));
        var mpich = Read(("PMI_SIZE", "4"), ("PMI_RANK", "1")).ShouldNotBeNull();
        mpich.IsForeign.ShouldBeTrue();
        (mpich.Processes, mpich.Rank).ShouldBe((4, 1));
    }

    [Fact]
    public void A_process_works_with_the_cores_that_are_its_own()
    {
        // Alone; a share of all that mpirun didn't bind; what it bound to, unless several are bound to the same.
        Cores(64, 64).ShouldBe(64);
        Cores(64, 64, Ranks(4)).ShouldBe(16);
        Cores(16, 64, Ranks(4)).ShouldBe(4, "a container's cores are shared as well");
        Cores(1, 64, [.. Ranks(2), Bound]).ShouldBe(1);
        Cores(32, 64, [.. Ranks(4), Bound]).ShouldBe(16);
        Cores(1, 64, Ranks(4)).ShouldBe(1);
        // Slurm's allotment, whether or not it binds: a task of an array, tasks of a step on this machine, and mpirun in a job.
        Cores(64, 64, ("SLURM_CPUS_ON_NODE", "16"), ("SLURM_CPUS_PER_TASK", "16")).ShouldBe(16);
        Cores(64, 64, ("SLURM_CPUS_ON_NODE", "64"), ("SLURM_CPUS_PER_TASK", "16")).ShouldBe(16, "a whole node was given");
        Cores(64, 64, [.. Step(8, "4(x2)", 1), ("SLURM_CPUS_ON_NODE", "64")]).ShouldBe(16);
        Cores(16, 64, [.. Step(8, "4(x2)", 1), ("SLURM_CPUS_ON_NODE", "64")]).ShouldBe(16, "Slurm bound it");
        Cores(64, 64, [.. Step(7, "4,3", 0), ("SLURM_CPUS_ON_NODE", "64")]).ShouldBe(16);
        Cores(64, 64, [.. Step(7, "4,3", 1), ("SLURM_CPUS_ON_NODE", "48")]).ShouldBe(16);
        Cores(64, 64, [.. Ranks(4), ("SLURM_CPUS_ON_NODE", "32"), ("SLURM_STEP_TASKS_PER_NODE", "1(x2)"), ("SLURM_NODEID", "0")])
            .ShouldBe(8);
    }

    [Fact]
    public void Processes_bound_to_fewer_cores_than_there_are_for_each_are_told()
    {
        BindingWord(1, 64, [.. Ranks(2), Bound]).ShouldNotBeNull().ShouldContain("1 of 32 cores");
        BindingWord(1, 2, [.. Ranks(2), Bound]).ShouldBeNull();
        BindingWord(32, 64, [.. Ranks(2), Bound]).ShouldBeNull();
        BindingWord(1, 64, Ranks(2)).ShouldBeNull("the machine has no more, or something else took them");
    }

    [Fact]
    public void Without_the_library_the_word_is_what_to_install()
    {
        var run = Launcher.Alone(["methods"], ("OMPI_COMM_WORLD_SIZE", "1"));
        run.ExitCode.ShouldBe(0, run.Error);

        run = Launcher.Alone(Select, ("OMPI_COMM_WORLD_SIZE", "2"), (MpiLibrary.PathVariable, "/nowhere/libmpi.so"));
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("/nowhere/libmpi.so");
        run.Error.ShouldContain("apt-get install openmpi-bin");
    }

    [Fact]
    public void Another_MPI_is_refused_by_its_library_and_by_its_launcher()
    {
        var library = Launcher.Alone(Select, ("OMPI_COMM_WORLD_SIZE", "2"), (MpiLibrary.PathVariable, "libc.so.6"));
        library.ExitCode.ShouldBe(2);
        library.Error.ShouldContain("isn't Open MPI's");
        library.Error.ShouldContain("MPICH");

        var launcher = Launcher.Alone(Select, ("PMI_SIZE", "2"), ("PMI_RANK", "0"));
        launcher.ExitCode.ShouldBe(2);
        launcher.Error.ShouldContain("srun --mpi=pmix");
    }

    private static string[] Select =>
    [
        "select", "--pool", "none.jsonl", "--method", "random", "--budget", "1",
        "--out", Path.Combine(Path.GetTempPath(), "never-written.jsonl"),
    ];

    private static MpiLaunch? Read(params (string Name, string Value)[] variables) => MpiLaunch.Read(Lookup(variables));

    private static readonly (string Name, string Value) Bound = ("OMPI_MCA_orte_bound_at_launch", "1");

    private static (string Name, string Value)[] Ranks(int here) =>
        [("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_LOCAL_SIZE", $"{here}")];

    private static (string Name, string Value)[] Step(int tasks, string perNode, int node) =>
        [("PMIX_RANK", "5"), ("SLURM_NTASKS", $"{tasks}"), ("SLURM_STEP_TASKS_PER_NODE", perNode), ("SLURM_NODEID", $"{node}")];

    private static int Cores(int usable, int ofMachine, params (string Name, string Value)[] variables) =>
        LaunchedCores.Of(usable, ofMachine, Lookup(variables));

    private static string? BindingWord(int usable, int ofMachine, params (string Name, string Value)[] variables) =>
        LaunchedCores.BindingOf(usable, ofMachine, Lookup(variables));

    private static Func<string, string?> Lookup((string Name, string Value)[] variables) =>
        name => variables.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault();
}
