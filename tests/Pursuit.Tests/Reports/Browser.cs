using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace Pursuit.Tests.Reports;

/// <summary>Debian's Chromium without a window, at a width and a colour scheme; tests that need it are skipped where it isn't.</summary>
internal sealed class Browser : IDisposable
{
    private const string ProgramPath = "/usr/bin/chromium";
    private const string DriverPath = "/usr/bin/chromedriver";
    private readonly ChromeDriver _driver;

    private Browser(ChromeDriver driver) => _driver = driver;

    /// <summary>Opens a page, or skips the test.</summary>
    public static Browser Open(string page, int width = 1280, string scheme = "light")
    {
        Assert.SkipUnless(
            File.Exists(ProgramPath) && File.Exists(DriverPath),
            $"no browser: {ProgramPath} and {DriverPath} are missing (apt-get install chromium chromium-driver)");
        var options = new ChromeOptions { BinaryLocation = ProgramPath };
        options.AddArguments(
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--disable-component-update");
        options.SetLoggingPreference(LogType.Browser, LogLevel.All);
        var service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(DriverPath), Path.GetFileName(DriverPath));
        service.SuppressInitialDiagnosticInformation = true;
        var driver = new ChromeDriver(service, options, TimeSpan.FromSeconds(60));
        driver.ExecuteCdpCommand(
            "Emulation.setDeviceMetricsOverride",
            new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        driver.ExecuteCdpCommand("Emulation.setEmulatedMedia", new()
        {
            ["features"] = new object[] { new Dictionary<string, object> { ["name"] = "prefers-color-scheme", ["value"] = scheme } },
        });
        driver.Navigate().GoToUrl(new Uri(page));
        return new Browser(driver);
    }

    /// <summary>The page's title now.</summary>
    public string Title => _driver.Title;

    /// <summary>Everything the page wrote to its console, blocked loads and script errors included.</summary>
    public IReadOnlyList<string> Console => [.. _driver.Manage().Logs.GetLog(LogType.Browser).Select(e => e.Message)];

    /// <summary>The one element.</summary>
    public IWebElement Find(string selector) => _driver.FindElement(By.CssSelector(selector));

    /// <summary>All elements.</summary>
    public IReadOnlyList<IWebElement> All(string selector) => _driver.FindElements(By.CssSelector(selector));

    /// <summary>The texts of all elements, as the page holds them.</summary>
    public string[] Texts(string selector) =>
        [.. ((IEnumerable<object>)Run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector))
            .Cast<string>()];

    /// <summary>Runs a script in the page.</summary>
    public object Run(string script, params object[] arguments) => ((IJavaScriptExecutor)_driver).ExecuteScript(script, arguments)!;

    /// <summary>Searches the list, and waits until it shows the answer.</summary>
    public void Search(string text)
    {
        Run("const s = document.getElementById('search'); s.value = ''; s.focus()");
        if (text.Length > 0) Find("#search").SendKeys(text);
        else Run("document.getElementById('search').dispatchEvent(new Event('input'))");
        Wait($"document.getElementById('list').dataset.query === '{text}'");
    }

    /// <summary>Waits until an expression of the page's script is true.</summary>
    public void Wait(string condition)
    {
        var result = ((IJavaScriptExecutor)_driver).ExecuteAsyncScript(
            "const done = arguments[arguments.length - 1], end = Date.now() + 10000;" +
            $"const look = () => ({condition}) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20); look();");
        result.ShouldBe(true, condition);
    }

    /// <inheritdoc/>
    public void Dispose() => _driver.Dispose();
}
