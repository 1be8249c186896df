namespace Pursuit.Cli.Help;

/// <summary>The headings under which a command's help lists its options, in the order in which it does.</summary>
internal enum OptionGroup
{
    Input,
    Selection,
    Features,
    Model,
    Tokenizer,
    Architecture,
    Training,
    Adapters,
    Evaluation,
    Output,
    Run,
}
