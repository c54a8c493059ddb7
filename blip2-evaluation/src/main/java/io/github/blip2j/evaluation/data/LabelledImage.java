package io.github.blip2j.evaluation.data;

/**
 * An image and its class.
 *
 * @param image path of the file, within the folder of images
 * @param label the number of the class
 */
public record LabelledImage(String image, int label) {}
