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

    private static string[] Select => ["select", "--pool", "none.jsonl", "--method", "random", "--budget", "1", "--out", Path.Combine(Path.GetTempPath(), "never-written.jsonl")];

    private static MpiLaunch? Read(params (string Name, string Value)[] variables) =>
        MpiLaunch.Read(name => variables.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault());
}
