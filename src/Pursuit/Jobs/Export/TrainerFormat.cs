namespace Pursuit.Jobs.Export;

/// <summary>A trainer whose files Pursuit can write beside the chosen records.</summary>
public enum TrainerFormat
{
    /// <summary>Hugging Face TRL's SFTTrainer: messages or text, and a datasets entry for its configuration.</summary>
    Trl,

    /// <summary>Axolotl: messages or text, and its YAML stanza.</summary>
    Axolotl,

    /// <summary>LLaMA-Factory: sharegpt or alpaca layout, and its dataset_info.json entry.</summary>
    LlamaFactory,
}
