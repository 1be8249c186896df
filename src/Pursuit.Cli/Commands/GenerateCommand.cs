using System.CommandLine;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ChatTemplates;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit generate</c>: continues a prompt greedily, to look at a model.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var adapter = AdapterOptions.Existing("A directory with adapters in PEFT's layout to generate with.");
        var prompt = new Option<string>("--prompt") { Description = "The text to continue.", Required = true };
        var chat = new Option<bool>("--chat") { Description = "Take the prompt as a user's turn and print the assistant's answer." };
        var templateSet = CommonOptions.TemplateSet();
        var tokens = new Option<int>("--max-tokens") { Description = "Most tokens to add.", DefaultValueFactory = _ => 128 };
        var device = CommonOptions.Device();
        var json = CommonOptions.Json();
        var command = new Command("generate", "Continues a text with a model: always the likeliest next token.") { model, adapter, prompt, chat, templateSet, tokens, device, json };
        command.Action = JobAction.Answer((parsed, cancellationToken) =>
        {
            var maximum = parsed.GetValue(tokens);
            if (maximum < 1) throw PursuitException.At("--max-tokens", $"{maximum}", "at least 1");
            var asked = new Asked(parsed.GetValue(prompt)!, parsed.GetValue(chat), parsed.GetValue(templateSet)!, maximum, parsed.GetValue(json));
            return Generate(BundledModel.OrGiven(parsed.GetValue(model)), parsed.GetValue(adapter), CommonOptions.DeviceOf(parsed.GetValue(device)), asked, cancellationToken);
        });
        return command;
    }

    private static int Generate(string model, string? adapter, Device device, Asked asked, CancellationToken cancellationToken)
    {
        var (prompt, chat, templateSettings, maximum, json) = asked;
        var config = TokenizerConfig.Load(model);
        var tokenizer = Tokenizer.Load(model);
        using var decoder = Decoder.Load(model, device);
        using var adapters = adapter is null ? null : LoraAdapters.Load(decoder, adapter);
        decoder.Adapters = adapters;
        using var generator = new Generator(decoder);
        var ids = chat
            ? tokenizer.Encode(ChatTemplate.Load(model, config, templateSettings).Render([new Turn(Turn.User, prompt)], addGenerationPrompt: true).Text, addSpecialTokens: false)
            : Framed(tokenizer, config, prompt);
        var added = generator.Greedy(ids, maximum, cancellationToken: cancellationToken).ToArray();
        var text = tokenizer.Decode(added, skipSpecialTokens: true);
        if (json)
            Terminal.Json(new { Prompt = prompt, Text = text, PromptTokens = ids.Length, Tokens = added, Ended = added is [.., var last] && decoder.Config.EndTokens.Contains(last) });
        else
            Terminal.AnswerLines((chat ? text.Trim() : prompt + text) + "\n");
        return CommandLine.Done;
    }

    /// <summary>What to continue, and how to print it.</summary>
    private sealed record Asked(string Prompt, bool Chat, string[] TemplateSettings, int MaximumTokens, bool Json);

    private static int[] Framed(Tokenizer tokenizer, TokenizerConfig config, string prompt)
    {
        var ids = new List<int>();
        new TextFrame(tokenizer, config).Encode(prompt, ids);
        return [.. ids];
    }
}
