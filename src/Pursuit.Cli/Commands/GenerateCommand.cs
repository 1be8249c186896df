using System.CommandLine;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit generate</c>: continues a prompt greedily, to look at a model.</summary>
internal sealed class GenerateCommand
{
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _adapter = AdapterOptions.Existing(
        OptionGroup.Model, "A directory with PEFT adapters to apply to the model.");
    private readonly Option<string> _prompt = new ListedOption<string>(
        "--prompt", OptionGroup.Input, "TEXT", "The text to continue.")
    { Required = true };
    private readonly Option<bool> _chat = new ListedOption<bool>(
        "--chat", OptionGroup.Input, "Treat the prompt as a user's message and print the assistant's answer.")
    { IsCommon = true };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<int> _tokens = new ListedOption<int>(
        "--max-tokens", OptionGroup.Output, "COUNT", "Maximum number of tokens to generate.")
    {
        DefaultValueFactory = _ => 128,
        IsCommon = true,
    };
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var generate = new GenerateCommand();
        var command = new ToolCommand("generate", "Continues a text with a model, greedily: the likeliest token each time.")
        {
            Example = "generate --model DIR --chat --prompt 'What is 7 times 6?'",
        };
        foreach (var option in generate.Options()) command.Add(option);
        command.Action = JobAction.Answer(generate.Run);
        return command;
    }

    private IEnumerable<Option> Options() => [_model, _adapter, _prompt, _chat, _templateSet, _tokens, _device, _json];

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (prompt, chat, maximum) = (parsed.GetValue(_prompt)!, parsed.GetValue(_chat), parsed.GetValue(_tokens));
        var model = BundledModel.OrGiven(parsed.GetValue(_model));
        if (maximum < 1) throw PursuitException.At("--max-tokens", $"{maximum}", "at least 1");
        var config = TokenizerConfig.Load(model);
        var tokenizer = Tokenizer.Load(model);
        using var decoder = Decoder.Load(model, CommonOptions.DeviceOf(parsed.GetValue(_device)));
        if (tokenizer.VocabularySize > decoder.Config.VocabularySize)
            throw ModelFiles.OtherTokenizer(model, tokenizer.VocabularySize, decoder.Config.VocabularySize);
        using var adapters = parsed.GetValue(_adapter) is { } adapter ? LoraAdapters.Load(decoder, adapter) : null;
        decoder.Adapters = adapters;
        using var generator = new Generator(decoder);
        var ids = chat
            ? Asked(tokenizer, ChatTemplate.Load(model, config, parsed.GetValue(_templateSet)!), prompt)
            : Framed(tokenizer, config, prompt);
        var added = generator.Greedy(ids, maximum, cancellationToken: cancellationToken).ToArray();
        var text = tokenizer.Decode(added, skipSpecialTokens: true);
        if (parsed.GetValue(_json))
        {
            var ended = added is [.., var last] && decoder.Config.EndTokens.Contains(last);
            Terminal.Json(new { Prompt = prompt, Text = text, PromptTokens = ids.Length, Tokens = added, Ended = ended });
        }
        else
            Terminal.AnswerLines((chat ? text.Trim() : prompt + text) + "\n");
        return CommandLine.Done;
    }

    private static int[] Asked(Tokenizer tokenizer, ChatTemplate template, string prompt) =>
        tokenizer.Encode(template.Render([new Turn(Turn.User, prompt)], addGenerationPrompt: true).Text, addSpecialTokens: false);

    private static int[] Framed(Tokenizer tokenizer, TokenizerConfig config, string prompt)
    {
        var ids = new List<int>();
        new TextFrame(tokenizer, config).Encode(prompt, ids);
        return [.. ids];
    }
}
