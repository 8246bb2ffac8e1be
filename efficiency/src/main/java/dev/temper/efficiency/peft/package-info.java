/**
 * Parameter-efficient fine-tuning: few trainable numbers beside a frozen model.
 *
 * <p>A method is what it does to one linear layer ({@link
 * dev.temper.efficiency.peft.LayerAdapter}); attaching, switching, merging and training are the
 * same for all of them ({@link dev.temper.efficiency.peft.Adapter}).
 */
@org.jspecify.annotations.NullMarked
package dev.temper.efficiency.peft;
