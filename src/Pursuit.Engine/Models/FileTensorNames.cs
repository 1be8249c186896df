using Pursuit.Storage;

namespace Pursuit.Engine.Models;

/// <summary>
/// What a model's tensors are called in its files. A model saved without its head may lack what the family has before all names; one that
/// is part of a model of text and images has more before them, which transformers 4 and 5 spell differently.
/// </summary>
internal sealed class FileTensorNames
{
    /// <summary>What stands before a text part's names in place of the family's, and before its head's.</summary>
    private static readonly (string Body, string Head)[] TextParts =
        [("language_model.model.", "language_model."), ("model.language_model.", ""), ("language_model.", "")];

    /// <summary>What a model of text and images has beside its text part; in some spellings with "model." before it.</summary>
    private static readonly string[] OtherParts = ["vision_tower.", "multi_modal_projector."];

    private readonly ModuleNames _names;
    private readonly string _body;
    private readonly bool _isPart;

    /// <summary>Finds out which names a model's files have.</summary>
    public FileTensorNames(ModelWeights files, ModelConfig config)
    {
        _names = config.Family.Names;
        var head = "";
        bool Has(string body) => files.Tensors.ContainsKey($"{body}{_names.Embedding}.weight");
        if (config.Family.PartOf is not null && TextParts.FirstOrDefault(p => Has(p.Body)) is { Body: { } body } part)
            (_body, head, _isPart) = (body, part.Head, true);
        else
            _body = Has("") ? "" : _names.Body;
        Head = $"{head}{_names.Head}.weight";
    }

    /// <summary>The head's weight.</summary>
    public string Head { get; }

    /// <summary>A parameter's tensor.</summary>
    public string Of(Parameter parameter) =>
        parameter.Name.StartsWith(_names.Body, StringComparison.Ordinal) ? _body + parameter.Name[_names.Body.Length..]
        : parameter.Name == _names.Head + ".weight" ? Head
        : parameter.Name;

    /// <summary>Whether a tensor belongs to another part of a model of which this one is a part.</summary>
    public bool IsOfAnotherPart(string tensor)
    {
        if (!_isPart) return false;
        var name = tensor.StartsWith("model.", StringComparison.Ordinal) ? tensor["model.".Length..] : tensor;
        return OtherParts.Any(p => name.StartsWith(p, StringComparison.Ordinal));
    }
}
