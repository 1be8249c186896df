namespace Pursuit.Cuda.Tests;

/// <summary>How cards and libraries are found, and what is said where they aren't.</summary>
public sealed class DiscoveryTests
{
    [Theory]
    [InlineData("cuda", 0, "Float32")]
    [InlineData("cuda:3", 3, "Float32")]
    [InlineData("cuda-bf16", 0, "BFloat16")]
    [InlineData("cuda-bf16:12", 12, "BFloat16")]
    public void A_name_says_which_card_and_what_goes_into_products(string name, int number, string type)
    {
        CudaDevices.IsName(name).ShouldBeTrue();
        CudaDevices.Parse(name).ShouldBe((number, Enum.Parse<BlasType>(type)));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1:2")]
    [InlineData("cuda:x")]
    [InlineData("cuda1")]
    [InlineData("CUDA")]
    public void Any_other_name_is_none(string name)
    {
        CudaDevices.IsName(name).ShouldBeFalse();
        Should.Throw<PursuitException>(() => CudaDevices.Find(name)).Message.ShouldContain($"'{name}'");
    }

    [Fact]
    public void What_is_missing_is_said_by_name()
    {
        CardFacts[] cards = [new("Old", 1, 75, "12.4"), new("New", 1, 90, "12.4")];
        Message(0, "no NVIDIA driver: libcuda.so.1 could not be loaded", []).ShouldContain("libcuda.so.1");
        Message(0, null, []).ShouldContain("no card that it shows to this process");
        Message(2, null, cards).ShouldContain("2 cards: 0 Old, 1 New");
        Message(0, null, cards).ShouldContain("Old with compute capability 7.5; 8.0 or later is needed");
        CudaDevices.FaultOf("cuda:1", 1, null, () => cards).ShouldBeNull();

        static string Message(int number, string? driver, CardFacts[] cards) =>
            CudaDevices.FaultOf("cuda", number, driver, () => cards)!.Message;
    }

    [Fact]
    public void The_library_is_looked_for_where_the_variable_says_then_on_the_path_then_in_toolkits_and_environments()
    {
        var variables = new Dictionary<string, string>
        {
            ["PURSUIT_CUDA_LIBRARIES"] = "/given:/other/libcublas.so.12.4",
            ["CUDA_HOME"] = "/opt/cuda",
            ["VIRTUAL_ENV"] = "/venv",
            ["CONDA_PREFIX"] = "/conda",
        };
        CublasLibrary.Candidates(variables.GetValueOrDefault, isWindows: false, Directories, _ => null).ShouldBe(
        [
            "/given/libcublas.so.13",
            "/given/libcublas.so.12",
            "/other/libcublas.so.12.4",
            "libcublas.so.13",
            "libcublas.so.12",
            "/opt/cuda/lib64/libcublas.so.13",
            "/opt/cuda/lib64/libcublas.so.12",
            "/usr/local/cuda/lib64/libcublas.so.13",
            "/usr/local/cuda/lib64/libcublas.so.12",
            "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13",
            "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.12",
            "/venv/lib/python3.12/site-packages/nvidia/cublas/lib/libcublas.so.13",
            "/venv/lib/python3.12/site-packages/nvidia/cublas/lib/libcublas.so.12",
            "/venv/lib/python3.12/dist-packages/nvidia/cu13/lib/libcublas.so.13",
            "/venv/lib/python3.12/dist-packages/nvidia/cu13/lib/libcublas.so.12",
            "/venv/lib/python3.12/dist-packages/nvidia/cublas/lib/libcublas.so.13",
            "/venv/lib/python3.12/dist-packages/nvidia/cublas/lib/libcublas.so.12",
        ]);
        CublasLibrary.Candidates(_ => null, isWindows: true, Directories, _ => null).ShouldBe(["cublas64_13.dll", "cublas64_12.dll"]);

        static IEnumerable<string> Directories(string directory, string pattern) =>
            directory == "/venv/lib" && pattern == "python3*" ? ["/venv/lib/python3.12"] : [];
    }

    /// <summary>pip puts PyTorch's CUDA beside it, and an environment is often used by its interpreter's path alone.</summary>
    [Fact]
    public void The_library_of_the_python_on_the_path_is_found_through_links()
    {
        var links = new Dictionary<string, string>
        {
            ["/usr/local/bin/python3"] = "/opt/torch/.venv/bin/python3",
            ["/opt/torch/.venv/bin/python3"] = "/usr/bin/python3",
            ["/usr/bin/python3"] = "/usr/bin/python3",
        };
        var found = CublasLibrary.Candidates(
            name => name switch { "PATH" => "/nothing:/usr/local/bin", "HOME" => "/home/me", _ => null },
            isWindows: false,
            (directory, _) => [directory + "/python3.12"],
            links.GetValueOrDefault);
        found.ShouldContain("/opt/torch/.venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13");
        found.ShouldContain("/usr/local/lib/python3.12/dist-packages/nvidia/cublas/lib/libcublas.so.12");
        found.ShouldContain("/home/me/.local/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13");
        found.Count.ShouldBe(found.Distinct().Count());
    }

    [Fact]
    public void A_driver_that_does_not_start_is_said_with_its_error()
    {
        CudaDriver.FaultOfStart("libcuda.so.1", () => 0, _ => null).ShouldBeNull();
        CudaDriver.FaultOfStart("libcuda.so.1", () => 100, _ => "no CUDA-capable device is detected").ShouldBeNull();
        CudaDriver.FaultOfStart("libcuda.so.1", () => 803, e => $"text of {e}")
            .ShouldBe("libcuda.so.1 doesn't start: error 803 (text of 803)");
        new CardFacts("New", 1, 121, "12.2") { IsUnderstood = false }.Fault.ShouldBe(
            "compute capability 12.1 and a driver for CUDA 12.2, which is too old for it");
    }
}
